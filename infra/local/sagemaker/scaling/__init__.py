"""Application Auto Scaling, as far as the fleets of SageMaker's endpoints follow their load."""
