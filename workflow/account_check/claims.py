"""What an account check proves, in the order in which it does: each claim once, with those that it stands on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from workflow.account_check import batches, building, serving, staging, standing, watching
from workflow.account_check.proofs import Evidence, Proof
from workflow.account_check.site import Site


def claims(site: Site) -> list[Proof]:
    """The claims for what was asked for. A step that lets AWS work goes before those that need not wait for it."""

    def proof(name: str, claim: str, prove: Callable[[Site], Evidence], *needs: str) -> Proof:
        return Proof(name, claim, partial(prove, site), needs)

    options = site.options
    return [
        proof("deploy", "CloudFormation makes the stack; the images are pushed", standing.stand),
        proof("doctor", "limits, quotas, images and mail are ready for a run", standing.be_ready, "deploy"),
        proof("data", "data are uploaded", standing.hold_data, "deploy"),
        proof("start", "runs start", building.start_all, "doctor", "data"),
        *([proof("gpu start", "a run on a GPU starts", building.start_on_a_gpu, "start")] if options.gpu else []),
        proof("stop", "stopping a run stops its training, and is told", building.stop_in_training, "start"),
        proof("build", "a run prepares, trains, evaluates, registers and asks", building.ask, "start"),
        proof("redrive", "a stopped run goes on at its training", building.redrive, "stop", "build"),
        proof("forgery", "a version that was made Approved is refused and put back", building.refuse_forgery, "build"),
        proof("page", "the mailed link's page takes the decision", building.approve_by_mail, "build"),
        proof("release", "staging and production come up and are smoke-tested", serving.release_first, "page"),
        proof("batch start", "a batch over a folder starts", batches.start, "release"),
        proof("schedule", "the stack changes while runs are on their way", standing.set_schedule, "release"),
        proof("predict", "production answers with the model that was judged", serving.answer, "release"),
        proof("api", "the API answers with its key, and refuses without", serving.answer_by_api, "release"),
        proof(
            "overtaken",
            "what was judged against another production is refused",
            building.refuse_the_overtaken,
            "redrive",
            "release",
        ),
        *(
            [proof("gpu", "a training uses its GPU; a version is rejected", building.train_on_a_gpu, "gpu start")]
            if options.gpu
            else []
        ),
        proof("canary", "an alarm of its own sends a canary back", serving.send_canary_back, "overtaken"),
        proof("alarm", "the stack's alarm rings by real figures, and is told", watching.ring, "predict"),
        proof("scheduled", "the schedule starts a run", standing.fire_schedule, "schedule"),
        proof("batch", "a batch answers each picture, and leaves no model", batches.answer, "batch start"),
        proof("logs", "functions, machines and endpoints log", watching.be_logged, "release"),
        *(
            [
                proof("kept canary", "a healthy canary stays", serving.keep_canary, "canary"),
                proof("rollback", "the way back to the version before", serving.go_back, "kept canary"),
                proof("serverless", "staging serves without instances", staging.serve_without_instances, "overtaken"),
                proof("async", "staging answers out of a queue", staging.serve_out_of_a_queue, "overtaken"),
            ]
            if options.thorough
            else []
        ),
        proof("cost", "what SageMaker bills is found", building.be_billed, "build"),
        *(
            [proof("mail", "both subscriptions by e-mail are confirmed", standing.be_confirmed, "deploy")]
            if options.email
            else []
        ),
    ]
