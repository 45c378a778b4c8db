"""Small images for the tests of the flow: SageMaker's contracts kept with the standard library alone.

A test tells them how to behave through the hyperparameter ``behave``: ``fail``, ``no-model``, ``sleep``,
``wrong-boxes`` or ``wrong-in-production``; and through ``map50``, the figure the evaluation finds.
"""
