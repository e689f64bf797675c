"""An encoder to hand on: what the package brings along is that of the scale `release`.

In: one run of the pre-training and what was measured of it. Out: pretrained/{variant}/seed={seed}/ with
encoder.safetensors, domain.safetensors and card.md. No target asks for it; name the folder.
"""


rule pack_encoder:
    """Put an encoder, the domain of its crystals and its card together."""
    input:
        encoder=rules.pretrain.output.encoder,
        history=rules.pretrain.output.history,
        pool=rules.pool.output[0],
        crystals=rules.pool.input.crystals,
        elements=of_pool(
            collect(
                rules.describe.output,
                descriptor="element_statistics",
                allow_missing=True,
            )
        ),
        surroundings=of_pool(
            collect(
                rules.describe.output,
                descriptor="environment_statistics",
                allow_missing=True,
            )
        ),
        summaries=collect(rules.compare_arms.output.summary, task=TASKS),
    output:
        directory("<results>/pretrained/{variant}/seed={seed}"),
    log:
        "<logs>/pretrained/{variant}/seed={seed}.log",
    wildcard_constraints:
        variant=any_of(TRAINED),
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=30,
    params:
        datasets=lookup(
            within=config, dpath="pretraining/variants/{variant}/pool/datasets"
        ),
        units={task: label_unit(task) for task in TASKS},
        sources=sources_of_pool,
        max_sites=config["point_sets"]["max_sites"],
        training=rules.pretrain.params.training,
        code=digest("pack_encoder.py"),
    script:
        "../scripts/pack_encoder.py"
