"""Which members the stand-in takes of every operation's request, and how; all others are refused.

A table and nothing else: `members.py` reads it, and a test holds it against botocore's description of SageMaker.
"""

from __future__ import annotations

from infra.local.sagemaker.members import Members, Only, done, place

_TAGS: Members = {"Tags": done("Key", "Value")}
_NETWORK: Members = {"VpcConfig": place("SecurityGroupIds", "Subnets")}
_ISOLATION: Members = _NETWORK | place("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption")
_PAGE: Members = done("MaxResults", "NextToken", "SortBy", "SortOrder")
_CREATED: Members = done("NameContains", "CreationTimeAfter", "CreationTimeBefore")
_MODIFIED: Members = done("LastModifiedTimeAfter", "LastModifiedTimeBefore")
_JOBS: Members = _PAGE | _CREATED | _MODIFIED | done("StatusEquals")

_PREFIX: Members = done("S3Uri", "S3DataDistributionType") | {"S3DataType": Only(("S3Prefix",))}
_MODEL_DATA: Members = {
    "S3DataSource": {
        **done("S3Uri", "ETag"),
        "S3DataType": Only(("S3Object",)),
        "CompressionType": Only(("Gzip",)),
    }
}
_CONTAINER: Members = done("Image", "ModelDataUrl", "ModelPackageName", "Environment") | {
    "ModelDataSource": _MODEL_DATA,
    "Mode": Only(("SingleModel",)),
}

_ORIGIN: Members = done("CommitId", "Repository", "GeneratedBy", "ProjectId")
_CARD: Members = {"ModelCard": done("ModelCardContent", "ModelCardStatus")}
_STAGE: Members = {"ModelLifeCycle": done("Stage", "StageStatus", "StageDescription")}
_FILE: Members = done("ContentType", "ContentDigest", "S3Uri")
_BASELINE: Members = {"Statistics": _FILE, "Constraints": _FILE}
_PACKAGE: Members = {
    **done("ModelPackageGroupName", "ModelPackageDescription", "ModelApprovalStatus", "ClientToken"),
    **done("Domain", "Task", "SourceUri", "CustomerMetadataProperties"),
    **_CARD,
    **_STAGE,
    **_TAGS,
    "InferenceSpecification": {
        "Containers": {
            **done("Image", "ModelDataUrl", "ModelDataETag", "Environment"),
            **done("Framework", "FrameworkVersion", "NearestModelName"),
        },
        **done("SupportedContentTypes", "SupportedResponseMIMETypes"),
        **place("SupportedTransformInstanceTypes", "SupportedRealtimeInferenceInstanceTypes"),
    },
    "MetadataProperties": _ORIGIN,
    "ModelMetrics": {
        "ModelQuality": _BASELINE,
        "ModelDataQuality": _BASELINE,
        "Bias": {"Report": _FILE, "PreTrainingReport": _FILE, "PostTrainingReport": _FILE},
        "Explainability": {"Report": _FILE},
    },
    "DriftCheckBaselines": {
        "ModelQuality": _BASELINE,
        "ModelDataQuality": _BASELINE,
        "Bias": {"ConfigFile": _FILE, "PreTrainingConstraints": _FILE, "PostTrainingConstraints": _FILE},
        "Explainability": {"ConfigFile": _FILE, "Constraints": _FILE},
    },
    "SecurityConfig": place("KmsKeyId"),
}

_SIZE: Members = done("Type", "Value")
_DEPLOYMENT: Members = {
    "DeploymentConfig": {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                **done("Type", "WaitIntervalInSeconds"),
                "CanarySize": _SIZE,
                "LinearStepSize": _SIZE,
            },
            **done("TerminationWaitInSeconds", "MaximumExecutionTimeoutInSeconds"),
        },
        "AutoRollbackConfiguration": {"Alarms": done("AlarmName")},
    }
}
_VARIANT: Members = done("VariantName", "ModelName", "InitialInstanceCount", "InitialVariantWeight") | place(
    "InstanceType", "VolumeSizeInGB", "InferenceAmiVersion"
)
_ON_DEMAND: Members = {
    "ServerlessConfig": done("MaxConcurrency", "ProvisionedConcurrency") | place("MemorySizeInMB"),
}
_HOST: Members = {
    "ManagedInstanceScaling": done("Status", "MinInstanceCount", "MaxInstanceCount"),
    "RoutingConfig": {"RoutingStrategy": Only(("LEAST_OUTSTANDING_REQUESTS", "RANDOM"))},
}
_COMPONENT: Members = {
    **done("ModelName"),
    "ComputeResourceRequirements": done(
        "NumberOfCpuCoresRequired", "NumberOfAcceleratorDevicesRequired", "MinMemoryRequiredInMb"
    )
    | place("MaxMemoryRequiredInMb"),
}
_COPIES: Members = {"RuntimeConfig": done("CopyCount")}
_ROLLING: Members = {
    "DeploymentConfig": {
        "RollingUpdatePolicy": {
            **done("WaitIntervalInSeconds", "MaximumExecutionTimeoutInSeconds"),
            "MaximumBatchSize": _SIZE,
        },
        "AutoRollbackConfiguration": {"Alarms": done("AlarmName")},
    }
}

_CAPTURE: Members = done("EnableCapture", "InitialSamplingPercentage", "DestinationS3Uri", "KmsKeyId") | {
    "CaptureOptions": done("CaptureMode"),
    "CaptureContentTypeHeader": done("JsonContentTypes", "CsvContentTypes"),
}
_MODES = Only(("File", "FastFile"))
_ALGORITHM: Members = done("TrainingImage") | {
    "TrainingInputMode": _MODES,
    "MetricDefinitions": done("Name", "Regex"),
}
_TRAINING: Members = done("RoleArn", "EnableManagedSpotTraining", "Environment") | {
    "InputDataConfig": {
        **done("ChannelName", "ContentType"),
        "DataSource": {"S3DataSource": _PREFIX},
        "CompressionType": Only(("None",)),
        "RecordWrapperType": Only(("None",)),
        "InputMode": _MODES,
    },
    "OutputDataConfig": {**done("S3OutputPath"), **place("KmsKeyId"), "CompressionType": Only(("GZIP",))},
    "ResourceConfig": done("InstanceType", "InstanceCount") | place("VolumeSizeInGB", "VolumeKmsKeyId"),
    "StoppingCondition": done("MaxRuntimeInSeconds", "MaxWaitTimeInSeconds"),
    "CheckpointConfig": done("S3Uri", "LocalPath"),
    **_ISOLATION,
}
_RANGE: Members = done("Name", "MinValue", "MaxValue", "ScalingType")

TAKEN: dict[str, Members] = {
    "CreateModelPackageGroup": done("ModelPackageGroupName", "ModelPackageGroupDescription") | _TAGS,
    "DescribeModelPackageGroup": done("ModelPackageGroupName"),
    "ListModelPackageGroups": _PAGE | _CREATED,
    "DeleteModelPackageGroup": done("ModelPackageGroupName"),
    "CreateModelPackage": _PACKAGE,
    "DescribeModelPackage": done("ModelPackageName") | {"IncludedData": Only(("AllData",))},
    "ListModelPackages": {
        **_PAGE,
        **_CREATED,
        **done("ModelApprovalStatus", "ModelPackageGroupName", "ModelPackageType"),
    },
    "UpdateModelPackage": {
        **done("ModelPackageArn", "ModelApprovalStatus", "ApprovalDescription", "ClientToken", "SourceUri"),
        **done("CustomerMetadataProperties", "CustomerMetadataPropertiesToRemove"),
        **_CARD,
        **_STAGE,
    },
    "DeleteModelPackage": done("ModelPackageName"),
    "CreateModel": {
        **done("ModelName", "ExecutionRoleArn"),
        "PrimaryContainer": _CONTAINER,
        "Containers": _CONTAINER,
        **place("EnableNetworkIsolation"),
        **_NETWORK,
        **_TAGS,
    },
    "DescribeModel": done("ModelName"),
    "ListModels": _PAGE | _CREATED,
    "DeleteModel": done("ModelName"),
    "CreateEndpointConfig": {
        **done("EndpointConfigName"),
        "ProductionVariants": _VARIANT | _ON_DEMAND | _HOST,
        "ShadowProductionVariants": _VARIANT,
        "DataCaptureConfig": _CAPTURE,
        "AsyncInferenceConfig": {
            "ClientConfig": done("MaxConcurrentInvocationsPerInstance"),
            "OutputConfig": {
                **done("S3OutputPath", "S3FailurePath"),
                "NotificationConfig": done("SuccessTopic", "ErrorTopic"),
            },
        },
        **place("KmsKeyId", "ExecutionRoleArn", "EnableNetworkIsolation"),
        **_NETWORK,
        **_TAGS,
    },
    "DescribeEndpointConfig": done("EndpointConfigName"),
    "ListEndpointConfigs": _PAGE | _CREATED,
    "DeleteEndpointConfig": done("EndpointConfigName"),
    "CreateEndpoint": done("EndpointName", "EndpointConfigName") | _DEPLOYMENT | _TAGS,
    "DescribeEndpoint": done("EndpointName"),
    "ListEndpoints": _JOBS,
    "UpdateEndpoint": {
        **done("EndpointName", "EndpointConfigName", "RetainAllVariantProperties", "RetainDeploymentConfig"),
        "ExcludeRetainedVariantProperties": done("VariantPropertyType"),
        **_DEPLOYMENT,
    },
    "UpdateEndpointWeightsAndCapacities": {
        **done("EndpointName"),
        "DesiredWeightsAndCapacities": done("VariantName", "DesiredWeight", "DesiredInstanceCount"),
    },
    "DeleteEndpoint": done("EndpointName"),
    "CreateInferenceComponent": {
        **done("InferenceComponentName", "EndpointName", "VariantName"),
        "Specification": _COMPONENT,
        **_COPIES,
        **_TAGS,
    },
    "DescribeInferenceComponent": done("InferenceComponentName"),
    "UpdateInferenceComponent": {
        **done("InferenceComponentName"),
        "Specification": _COMPONENT,
        **_COPIES,
        **_ROLLING,
    },
    "UpdateInferenceComponentRuntimeConfig": {
        **done("InferenceComponentName"),
        "DesiredRuntimeConfig": done("CopyCount"),
    },
    "ListInferenceComponents": _JOBS | done("EndpointNameEquals", "VariantNameEquals"),
    "DeleteInferenceComponent": done("InferenceComponentName"),
    "CreateProcessingJob": {
        **done("ProcessingJobName", "RoleArn", "Environment"),
        "ProcessingInputs": {
            **done("InputName"),
            "AppManaged": Only((False,)),
            "S3Input": _PREFIX
            | done("LocalPath", "S3DataType")
            | {"S3InputMode": Only(("File",)), "S3CompressionType": Only(("None",))},
        },
        "ProcessingOutputConfig": {
            "Outputs": {
                **done("OutputName"),
                "S3Output": done("S3Uri", "LocalPath") | {"S3UploadMode": Only(("EndOfJob",))},
                "AppManaged": Only((False,)),
            },
            **place("KmsKeyId"),
        },
        "ProcessingResources": {
            "ClusterConfig": done("InstanceCount", "InstanceType") | place("VolumeSizeInGB", "VolumeKmsKeyId")
        },
        "StoppingCondition": done("MaxRuntimeInSeconds"),
        "AppSpecification": done("ImageUri", "ContainerEntrypoint", "ContainerArguments"),
        "NetworkConfig": _ISOLATION,
        **_TAGS,
    },
    "DescribeProcessingJob": done("ProcessingJobName"),
    "ListProcessingJobs": _JOBS,
    "StopProcessingJob": done("ProcessingJobName"),
    "CreateTrainingJob": {
        **_TRAINING,
        **done("TrainingJobName", "HyperParameters"),
        "AlgorithmSpecification": _ALGORITHM | done("ContainerEntrypoint", "ContainerArguments"),
        "ProfilerConfig": {"DisableProfiler": Only((True,))},
        **_TAGS,
    },
    "DescribeTrainingJob": done("TrainingJobName"),
    "ListTrainingJobs": _JOBS,
    "StopTrainingJob": done("TrainingJobName"),
    "CreateHyperParameterTuningJob": {
        **done("HyperParameterTuningJobName"),
        "HyperParameterTuningJobConfig": {
            **done("RandomSeed", "TrainingJobEarlyStoppingType"),
            "Strategy": Only(("Random", "Bayesian")),
            "HyperParameterTuningJobObjective": done("Type", "MetricName"),
            "ResourceLimits": done("MaxNumberOfTrainingJobs", "MaxParallelTrainingJobs", "MaxRuntimeInSeconds"),
            "ParameterRanges": {
                "IntegerParameterRanges": _RANGE,
                "ContinuousParameterRanges": _RANGE,
                "CategoricalParameterRanges": done("Name", "Values"),
            },
        },
        "TrainingJobDefinition": {
            **_TRAINING,
            **done("StaticHyperParameters"),
            "AlgorithmSpecification": _ALGORITHM,
        },
        **_TAGS,
    },
    "DescribeHyperParameterTuningJob": done("HyperParameterTuningJobName"),
    "ListHyperParameterTuningJobs": _JOBS,
    "StopHyperParameterTuningJob": done("HyperParameterTuningJobName"),
    "ListTrainingJobsForHyperParameterTuningJob": _PAGE | done("HyperParameterTuningJobName", "StatusEquals"),
    "CreateTransformJob": {
        **done("TransformJobName", "ModelName", "MaxConcurrentTransforms", "MaxPayloadInMB", "Environment"),
        "ModelClientConfig": done("InvocationsMaxRetries"),
        "BatchStrategy": Only(("SingleRecord",)),
        "TransformInput": {
            "DataSource": {"S3DataSource": done("S3Uri") | {"S3DataType": Only(("S3Prefix",))}},
            **done("ContentType"),
            "CompressionType": Only(("None",)),
            "SplitType": Only(("None",)),
        },
        "TransformOutput": {**done("S3OutputPath", "Accept"), **place("KmsKeyId"), "AssembleWith": Only(("None",))},
        "TransformResources": place("InstanceType", "InstanceCount", "VolumeKmsKeyId", "TransformAmiVersion"),
        **_TAGS,
    },
    "DescribeTransformJob": done("TransformJobName"),
    "ListTransformJobs": _JOBS,
    "StopTransformJob": done("TransformJobName"),
    "CreateArtifact": {
        **done("ArtifactName", "ArtifactType", "Properties"),
        "Source": {**done("SourceUri"), "SourceTypes": done("SourceIdType", "Value")},
        "MetadataProperties": _ORIGIN,
        **_TAGS,
    },
    "DescribeArtifact": done("ArtifactArn"),
    "ListArtifacts": _PAGE | done("SourceUri", "ArtifactType"),
    "DeleteArtifact": {**done("ArtifactArn"), "Source": done("SourceUri")},
    "AddAssociation": done("SourceArn", "DestinationArn", "AssociationType"),
    "ListAssociations": _PAGE | done("SourceArn", "DestinationArn", "SourceType", "DestinationType", "AssociationType"),
    "DeleteAssociation": done("SourceArn", "DestinationArn"),
    "QueryLineage": done("StartArns", "Direction", "IncludeEdges", "MaxDepth", "MaxResults"),
    "ListTrialComponents": _PAGE | done("SourceArn"),
    "ListContexts": _PAGE | done("SourceUri", "ContextType"),
    "AddTags": done("ResourceArn") | _TAGS,
    # As many tags as a resource may have fit on the smallest page.
    "ListTags": done("ResourceArn", "MaxResults"),
    "DeleteTags": done("ResourceArn", "TagKeys"),
}

ASYNC_INVOCATION: Members = done(
    *("EndpointName", "ContentType", "Accept", "CustomAttributes", "InferenceId", "InputLocation"),
    *("RequestTTLSeconds", "InvocationTimeoutSeconds"),
)
"""The same of InvokeEndpointAsync, of which all members but the body in S3 are headers."""

INVOCATION: Members = done(
    *("EndpointName", "Body", "ContentType", "Accept", "CustomAttributes", "InferenceId", "TargetVariant"),
    "InferenceComponentName",
)
"""The same of InvokeEndpoint, whose members are a path, headers and a body."""
