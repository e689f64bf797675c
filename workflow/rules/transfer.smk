"""Fine-tuning of the whole encoder on few labels, from several starts.

In: encoders, point sets, crystal tables, splits. Out: transfer/{task}/{start}/n={n_labels}.parquet,
and of supervised starts transfer/{task}/{start}/seed={seed}/encoder.safetensors.
"""

FINE_TUNING = {  # also of supervised pre-training, which has its own number of epochs
    "accelerator": config["pretraining"]["accelerator"],
    **{key: TRANSFER[key] for key in ("learning_rate", "crystals_per_batch", "loss")},
}


rule supervise:
    """Pre-train an encoder on all labels of another task: no test crystal of any task."""
    input:
        encoder=lambda wildcards: ENCODER.format(
            variant=TRANSFER["starts"][wildcards.start]["encoder"], seed=wildcards.seed
        ),
        crystals=of_other_task(rules.structures.output.crystals),
        point_sets=of_other_task(rules.point_sets.output.shards),
        splits=collect(rules.split.output, task=TASKS),
    output:
        "<results>/transfer/{task}/{start}/seed={seed}/encoder.safetensors",
    log:
        "<logs>/transfer/{task}/{start}/seed={seed}.log",
    benchmark:
        "<benchmarks>/transfer/{task}/{start}/seed={seed}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=240,
    params:
        supervised_on=lookup(within=config, dpath="tasks/{task}/supervised_on"),
        label=label_of_other_task,
        options=FINE_TUNING,
        epochs=TRANSFER["supervised_epochs"],
        seed=config["seed"],
        code=digest("supervise.py"),
    script:
        "../scripts/supervise.py"


rule fine_tune:
    """Fine-tune on every draw of one number of labels, from one start, and test."""
    input:
        encoders=encoders_of_start,
        crystals=of_task(rules.structures.output.crystals),
        point_sets=of_task(rules.point_sets.output.shards),
        split=rules.split.output,
    output:
        "<results>/transfer/{task}/{start}/n={n_labels}.parquet",
    log:
        "<logs>/transfer/{task}/{start}/n={n_labels}.log",
    benchmark:
        "<benchmarks>/transfer/{task}/{start}/n={n_labels}.tsv"
    conda:
        "../../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=240,
    params:
        label=lookup(within=config, dpath="tasks/{task}/label"),
        seeds=TRANSFER["seeds"],
        draws=TRANSFER["draws"],
        options={
            **FINE_TUNING,
            **{
                key: TRANSFER[key]
                for key in ("passes", "min_epochs", "max_epochs", "frozen")
            },
        },
        seed=config["seed"],
        code=digest("fine_tune.py"),
    script:
        "../scripts/fine_tune.py"
