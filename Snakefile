"""Table of contents: configuration, rules in the order data flow, the default target."""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/arms.smk"
include: "workflow/rules/sources.smk"
include: "workflow/rules/structures.smk"
include: "workflow/rules/compositions.smk"
include: "workflow/rules/point_sets.smk"
include: "workflow/rules/descriptors.smk"
include: "workflow/rules/infomax.smk"
include: "workflow/rules/transfer.smk"
include: "workflow/rules/label_masking.smk"
include: "workflow/rules/pretrained.smk"
include: "workflow/rules/clusters.smk"
include: "workflow/rules/isotropy.smk"
include: "workflow/rules/digits.smk"
include: "workflow/rules/phase_fields.smk"
include: "workflow/rules/candidates.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/isotropy_figures.smk"
include: "workflow/rules/phase_field_figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/explorer.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/targets.smk"


rule all:
    default_target: True
    input:
        study_targets,


# One strand of it: name it as the target.
rule infomax:
    input:
        infomax_targets,
        infomax_parts,


rule isotropy:
    input:
        isotropy_targets,
        isotropy_parts,


rule phase_fields:
    input:
        phase_field_targets,
        phase_field_parts,
