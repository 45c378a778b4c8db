"""Small images for the tests of the flow: SageMaker's contracts kept with the standard library alone.

A test tells them how to behave through the data set's file ``behave.json``: ``behave`` is ``fail``, ``killed``,
``no-model``, ``sleep``, ``wrong-boxes`` or ``wrong-in-production``; ``map50`` is the figure the evaluation finds.
"""
