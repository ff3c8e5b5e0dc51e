"""The v1 paths and the leaf of each of their names. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

# v1 module -> leaf -> names
LEAVES: dict[str, dict[str, tuple[str, ...]]] = {
    "core": {
        "onecycle.data.items": (
            "ItemBase", "EmptyLabel", "Category", "MultiCategory", "FloatItem",
        ),
        "onecycle.utils.collections": (
            "array", "is_listy", "is_tuple", "is_dict", "chunks", "recurse", "first_el", "to_int", "is1d",
            "uniqueify", "idx_dict", "arrays_split", "random_split", "listify", "even_mults", "partition",
            "partition_by_cores", "recurse_eq", "range_of", "arange_of", "one_hot", "index_row", "float_or_x",
        ),
        "onecycle.utils.files": (
            "loadtxt_str", "save_texts",
        ),
        "onecycle.utils.functions": (
            "noop", "ifnone", "extract_kwargs", "func_args", "has_arg", "split_kwargs_by_func", "compose",
        ),
        "onecycle.utils.parallel": (
            "num_cpus", "parallel",
        ),
        "onecycle.utils.paths": (
            "is_pathlike", "find_classes", "join_path", "join_paths", "working_directory",
        ),
        "onecycle.utils.plots": (
            "subplots",
        ),
        "onecycle.utils.tables": (
            "series2cat", "df_names_to_idx",
        ),
        "onecycle.utils.words": (
            "camel2snake", "text2html_table", "show_some", "PrettyString",
        ),
    },
    "torch_core": {
        "onecycle.data.collate": (
            "data_collate",
        ),
        "onecycle.nn.init": (
            "init_default", "cond_init", "apply_leaf", "apply_init",
        ),
        "onecycle.nn.losses": (
            "NoneReduceOnCPU",
        ),
        "onecycle.nn.module": (
            "Module", "ParameterModule",
        ),
        "onecycle.nn.surgery": (
            "is_pool_type", "requires_grad", "has_params", "trainable_params", "children", "num_children",
            "range_children", "children_and_parameters", "flatten_model", "first_layer", "last_layer",
            "split_model_idx", "split_model", "get_param_groups", "split_no_wd_params", "set_bn_eval",
            "bn2float", "model2half", "in_channels", "ModelOnCPU", "one_param", "get_model",
        ),
        "onecycle.utils.bundle": (
            "torch_save", "try_save",
        ),
        "onecycle.utils.distributed": (
            "num_distrib", "rank_distrib", "distrib_barrier",
        ),
        "onecycle.utils.seeding": (
            "set_all_seed", "uniform", "log_uniform", "rand_bool", "uniform_int",
        ),
        "onecycle.utils.tensors": (
            "tensor", "to_detach", "to_data", "to_cpu", "to_half", "to_float", "to_device", "batch_to_half",
            "model_type", "np2model_tensor", "trange_of", "to_np", "grab_idx", "logit", "logit_", "try_int",
            "remove_module_load", "add_metrics", "np_func",
        ),
    },
    "basic_data": {
        "onecycle.data.loaders": (
            "DeviceDataLoader", "DatasetType",
        ),
    },
    "data_block": {
        "onecycle.data.items": (
            "MixedItem",
        ),
        "onecycle.data.processors": (
            "MultiCategoryProcessor", "PreProcessor", "CategoryProcessor", "MixedProcessor",
        ),
        "onecycle.data.sources": (
            "get_files",
        ),
    },
    "layers": {
        "onecycle.nn.blocks": (
            "SelfAttention", "SequentialEx", "MergeLayer", "res_block", "PooledSelfAttention2d",
        ),
        "onecycle.nn.init": (
            "trunc_normal_", "icnr",
        ),
        "onecycle.nn.layers": (
            "AdaptiveConcatPool2d", "Debugger", "Flatten", "Lambda", "PoolFlatten", "View", "ResizeBatch",
            "bn_drop_lin", "conv2d", "conv2d_trans", "conv_layer", "embedding", "simple_cnn", "relu",
            "PixelShuffle_ICNR", "sigmoid_range", "SigmoidRange", "PartialLayer", "conv1d",
        ),
        "onecycle.nn.losses": (
            "BCEWithLogitsFlat", "BCEFlat", "MSELossFlat", "CrossEntropyFlat", "NoopLoss", "WassersteinLoss",
            "FlattenedLoss", "LabelSmoothingCrossEntropy",
        ),
        "onecycle.nn.norm": (
            "NormType", "batchnorm_2d", "BatchNorm1dFlat",
        ),
    },
    "metrics": {
        "onecycle.metrics.classification": (
            "error_rate", "accuracy", "top_k_accuracy",
        ),
        "onecycle.metrics.confusion": (
            "FBeta", "KappaScore", "ConfusionMatrix", "MatthewsCorreff", "Precision", "Recall", "CMScores",
        ),
        "onecycle.metrics.language": (
            "Perplexity",
        ),
        "onecycle.metrics.multilabel": (
            "accuracy_thresh", "fbeta", "MultiLabelFbeta",
        ),
        "onecycle.metrics.ranking": (
            "AUROC", "auc_roc_score", "roc_curve",
        ),
        "onecycle.metrics.regression": (
            "exp_rmspe", "mse", "mean_squared_error", "mae", "mean_absolute_error", "rmse",
            "root_mean_squared_error", "msle", "mean_squared_logarithmic_error", "explained_variance",
            "r2_score", "R2Score", "ExplainedVariance", "ExpRMSPE", "RMSE", "psnr", "RegMetrics",
        ),
        "onecycle.metrics.segmentation": (
            "dice", "foreground_acc",
        ),
    },
    "callback": {
        "onecycle.optim.schedules": (
            "SmoothenValue", "Scheduler", "annealing_cos", "annealing_exp", "annealing_linear",
            "annealing_no", "annealing_poly", "do_annealing_poly",
        ),
        "onecycle.optim.wrapper": (
            "OptimWrapper",
        ),
        "onecycle.training.callback": (
            "Callback", "CallbackList",
        ),
        "onecycle.training.handler": (
            "CallbackHandler",
        ),
        "onecycle.training.metric_adapter": (
            "AverageMetric",
        ),
    },
    "basic_train": {
        "onecycle.training.callback": (
            "LearnerCallback",
        ),
        "onecycle.training.loop": (
            "fit", "loss_batch", "train_epoch", "validate", "get_preds", "BasicLearner",
        ),
        "onecycle.training.recorder": (
            "Recorder", "RecordOnCPU",
        ),
    },
    "callbacks.hooks": {
        "onecycle.nn.hooks": (
            "Hook", "Hooks", "hook_output", "hook_outputs", "model_sizes", "num_features_model", "dummy_eval",
            "dummy_batch",
        ),
        "onecycle.nn.summary": (
            "total_params", "hook_params", "params_size", "get_layer_name", "layers_info",
        ),
    },
    "vision.image": {
        "onecycle.vision.flow": (
            "FlowField", "scale_flow", "CoordFunc",
        ),
    },
    "vision.data": {
        "onecycle.vision.download_images": (
            "download_images", "download_image",
        ),
        "onecycle.vision.image_bunch": (
            "ImageDataBunch",
        ),
        "onecycle.vision.image_files": (
            "get_image_files", "get_annotations",
        ),
        "onecycle.vision.image_list": (
            "ImageList", "ImageImageList",
        ),
        "onecycle.vision.normalize": (
            "denormalize", "normalize", "normalize_funcs", "channel_view", "mnist_stats", "cifar_stats",
            "imagenet_stats",
        ),
        "onecycle.vision.verify": (
            "resize_to", "verify_images", "verify_image",
        ),
    },
    "vision.learner": {
        "onecycle.vision.backbones": (
            "create_cnn_model", "create_body", "create_head", "cnn_config", "has_pool_type",
        ),
    },
    "utils.mem": {
        "onecycle.utils.memory": (
            "preload_pytorch", "b2mb",
        ),
    },
}

# v1 module -> names that its star import does not bring
HIDDEN: dict[str, tuple[str, ...]] = {
    "layers": (
        "conv1d",
    ),
    "metrics": (
        "CMScores", "psnr", "RegMetrics",
    ),
    "callback": (
        "do_annealing_poly",
    ),
    "basic_train": (
        "BasicLearner",
    ),
    "callbacks.hooks": (
        "total_params", "hook_params", "params_size", "get_layer_name", "layers_info",
    ),
    "vision.data": (
        "download_image", "verify_image",
    ),
    "vision.learner": (
        "cnn_config", "has_pool_type",
    ),
}
