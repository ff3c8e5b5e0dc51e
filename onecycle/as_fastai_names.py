"""The v1 paths and the leaf of each of their names. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

# v1 module -> leaf -> names
LEAVES: dict[str, dict[str, tuple[str, ...]]] = {
    "core": {
        "onecycle.data.items": (
            "ItemBase", "EmptyLabel", "Category", "MultiCategory", "FloatItem",
        ),
        "onecycle.types": (
            "PathOrStr", "FilePathList", "Floats", "ListOrItem", "OptListOrItem",
        ),
        "onecycle.utils.collections": (
            "array", "is_listy", "is_tuple", "is_dict", "chunks", "recurse", "first_el", "to_int", "is1d",
            "uniqueify", "idx_dict", "arrays_split", "random_split", "listify", "even_mults", "partition",
            "partition_by_cores", "recurse_eq", "range_of", "arange_of", "one_hot", "index_row", "float_or_x",
        ),
        "onecycle.utils.defaults": (
            "defaults",
        ),
        "onecycle.utils.download": (
            "download_url",
        ),
        "onecycle.utils.files": (
            "save_texts",
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
        "onecycle.utils.progress": (
            "progress_bar", "master_bar",
        ),
        "onecycle.utils.tables": (
            "series2cat", "df_names_to_idx",
        ),
        "onecycle.utils.text_files": (
            "loadtxt_str",
        ),
        "onecycle.utils.words": (
            "camel2snake", "text2html_table", "show_some", "PrettyString",
        ),
    },
    "torch_core": {
        "onecycle.data.collate": (
            "data_collate",
        ),
        "onecycle.nn.entrance": (
            "in_channels",
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
        "onecycle.nn.norm": (
            "bn_types", "no_wd_types", "bias_types",
        ),
        "onecycle.nn.surgery": (
            "is_pool_type", "requires_grad", "has_params", "trainable_params", "children", "num_children",
            "range_children", "children_and_parameters", "flatten_model", "first_layer", "last_layer",
            "split_model_idx", "split_model", "get_param_groups", "split_no_wd_params", "set_bn_eval",
            "bn2float", "model2half", "ModelOnCPU", "one_param", "get_model",
        ),
        "onecycle.types": (
            "ModuleList", "TensorOrNumber", "ArrayOrTensor",
        ),
        "onecycle.utils.bundle": (
            "torch_save", "try_save",
        ),
        "onecycle.utils.defaults": (
            "defaults",
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
        "onecycle.data.bunch": (
            "DataBunch",
        ),
        "onecycle.data.loaders": (
            "DeviceDataLoader", "DatasetType",
        ),
        "onecycle.data.saving": (
            "load_data",
        ),
    },
    "data_block": {
        "onecycle.data.categories": (
            "CategoryList", "MultiCategoryList", "FloatList", "EmptyLabelList", "CategoryListBase",
        ),
        "onecycle.data.item_list": (
            "ItemList",
        ),
        "onecycle.data.items": (
            "MixedItem",
        ),
        "onecycle.data.label_list": (
            "LabelList",
        ),
        "onecycle.data.lists": (
            "ItemLists", "LabelLists",
        ),
        "onecycle.data.mixed": (
            "MixedItemList",
        ),
        "onecycle.data.processors": (
            "MultiCategoryProcessor", "PreProcessor", "CategoryProcessor", "MixedProcessor",
        ),
        "onecycle.data.sources": (
            "get_files",
        ),
    },
    "layers": {
        "onecycle.nn.attention": (
            "SelfAttention", "PooledSelfAttention2d",
        ),
        "onecycle.nn.blocks": (
            "conv_layer", "simple_cnn", "PixelShuffle_ICNR", "SequentialEx", "MergeLayer", "res_block",
        ),
        "onecycle.nn.init": (
            "trunc_normal_", "icnr",
        ),
        "onecycle.nn.layers": (
            "AdaptiveConcatPool2d", "Debugger", "Flatten", "Lambda", "PoolFlatten", "View", "ResizeBatch",
            "bn_drop_lin", "conv2d", "conv2d_trans", "embedding", "relu", "sigmoid_range", "SigmoidRange",
            "PartialLayer", "conv1d",
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
        "onecycle.metrics.pictures": (
            "psnr",
        ),
        "onecycle.metrics.ranking": (
            "AUROC", "auc_roc_score", "roc_curve",
        ),
        "onecycle.metrics.regression": (
            "exp_rmspe", "mse", "mean_squared_error", "mae", "mean_absolute_error", "rmse",
            "root_mean_squared_error", "msle", "mean_squared_logarithmic_error", "explained_variance",
            "r2_score", "R2Score", "ExplainedVariance", "ExpRMSPE", "RMSE", "RegMetrics",
        ),
        "onecycle.metrics.segmentation": (
            "dice", "foreground_acc",
        ),
    },
    "callback": {
        "onecycle.metrics.base": (
            "AverageMetric",
        ),
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
    },
    "basic_train": {
        "onecycle.learner": (
            "Learner", "load_learner",
        ),
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
    "train": {
        "onecycle.callbacks.accumulate": (
            "AccumulateScheduler",
        ),
        "onecycle.callbacks.bn_freeze": (
            "BnFreeze",
        ),
        "onecycle.callbacks.gradient_clipping": (
            "GradientClipping",
        ),
        "onecycle.callbacks.show_graph": (
            "ShowGraph",
        ),
        "onecycle.interpret.base": (
            "Interpretation",
        ),
        "onecycle.interpret.classification": (
            "ClassificationInterpretation",
        ),
        "onecycle.interpret.multilabel": (
            "MultiLabelClassificationInterpretation",
        ),
        "onecycle.learning.precision": (
            "to_fp16", "to_fp32",
        ),
        "onecycle.learning.recipes": (
            "fit_one_cycle", "lr_find", "one_cycle_scheduler", "mixup", "fit_fc", "clip_grad",
        ),
    },
    "datasets": {
        "onecycle.data.download": (
            "URLs", "Config", "untar_data", "download_data", "datapath4file", "url2name", "url2path",
            "modelpath4file",
        ),
    },
    "collab": {
        "onecycle.collab.data": (
            "CollabDataBunch", "CollabLine", "CollabList", "CollabProcessor",
        ),
        "onecycle.collab.learner": (
            "collab_learner", "CollabLearner",
        ),
        "onecycle.collab.models": (
            "EmbeddingDotBias",
        ),
        "onecycle.collab.network": (
            "EmbeddingNN",
        ),
    },
    "distributed": {
        "onecycle.callbacks.distributed": (
            "DistributedRecorder", "DistributedTrainer", "read_metrics", "setup_distrib", "ParallelTrainer",
        ),
        "onecycle.callbacks.rnn": (
            "rnn_reset",
        ),
    },
    "callbacks.csv_logger": {
        "onecycle.callbacks.csv_logger": (
            "CSVLogger",
        ),
    },
    "callbacks.flat_cos_anneal": {
        "onecycle.callbacks.flat_cos_anneal": (
            "FlatCosAnnealScheduler",
        ),
    },
    "callbacks.fp16": {
        "onecycle.callbacks.fp16": (
            "MixedPrecision",
        ),
    },
    "callbacks.general_sched": {
        "onecycle.callbacks.general_sched": (
            "GeneralScheduler", "TrainingPhase",
        ),
    },
    "callbacks.hooks": {
        "onecycle.callbacks.hooks": (
            "ActivationStats", "Hook", "HookCallback", "Hooks", "hook_output", "hook_outputs", "model_sizes",
            "num_features_model", "model_summary", "dummy_eval", "dummy_batch", "total_params", "hook_params",
            "params_size", "get_layer_name", "layers_info",
        ),
    },
    "callbacks.loss_metrics": {
        "onecycle.callbacks.loss_metrics": (
            "LossMetrics",
        ),
    },
    "callbacks.lr_finder": {
        "onecycle.callbacks.lr_finder": (
            "LRFinder",
        ),
    },
    "callbacks.mem": {
        "onecycle.callbacks.mem": (
            "PeakMemMetric",
        ),
    },
    "callbacks.misc": {
        "onecycle.callbacks.misc": (
            "StopAfterNBatches",
        ),
    },
    "callbacks.mixup": {
        "onecycle.callbacks.mixup": (
            "MixUpCallback", "MixUpLoss",
        ),
    },
    "callbacks.mlflow": {
        "onecycle.callbacks.mlflow": (
            "MLFlowTracker",
        ),
    },
    "callbacks.one_cycle": {
        "onecycle.callbacks.one_cycle": (
            "OneCycleScheduler",
        ),
    },
    "callbacks.oversampling": {
        "onecycle.callbacks.oversampling": (
            "OverSamplingCallback",
        ),
    },
    "callbacks.undersampling": {
        "onecycle.callbacks.undersampling": (
            "UnderSamplingCallback",
        ),
    },
    "callbacks.rnn": {
        "onecycle.callbacks.rnn": (
            "RNNTrainer",
        ),
    },
    "callbacks.tensorboard": {
        "onecycle.callbacks.tensorboard": (
            "LearnerTensorboardWriter", "GANTensorboardWriter", "ImageGenTensorboardWriter",
        ),
    },
    "callbacks.tracker": {
        "onecycle.callbacks.early_stopping": (
            "EarlyStoppingCallback",
        ),
        "onecycle.callbacks.reduce_lr": (
            "ReduceLROnPlateauCallback",
        ),
        "onecycle.callbacks.save_model": (
            "SaveModelCallback",
        ),
        "onecycle.callbacks.terminate_on_nan": (
            "TerminateOnNaNCallback",
        ),
        "onecycle.callbacks.track_epoch": (
            "TrackEpochCallback",
        ),
        "onecycle.callbacks.tracker": (
            "TrackerCallback",
        ),
    },
    "vision.image": {
        "onecycle.vision.boxes": (
            "ImageBBox",
        ),
        "onecycle.vision.flow": (
            "FlowField", "scale_flow", "CoordFunc",
        ),
        "onecycle.vision.opening": (
            "open_image", "open_mask", "pil2tensor", "open_mask_rle",
        ),
        "onecycle.vision.picture": (
            "Image",
        ),
        "onecycle.vision.points": (
            "ImagePoints",
        ),
        "onecycle.vision.resize": (
            "bb2hw", "tis2hw", "ResizeMethod",
        ),
        "onecycle.vision.rle": (
            "rle_encode", "rle_decode",
        ),
        "onecycle.vision.segment": (
            "ImageSegment",
        ),
        "onecycle.vision.show": (
            "image2np", "show_image", "plot_flat", "plot_multi", "show_multi", "show_all",
        ),
        "onecycle.vision.transform_base": (
            "RandTransform", "TfmAffine", "TfmCoord", "TfmCrop", "TfmLighting", "TfmPixel", "Transform",
            "TfmList",
        ),
    },
    "vision.transform": {
        "onecycle.vision.affine_transforms": (
            "dihedral_affine", "flip_affine", "rotate", "squish", "zoom",
        ),
        "onecycle.vision.pixel_transforms": (
            "brightness", "contrast", "crop", "crop_pad", "cutout", "dihedral", "flip_lr", "pad",
            "rgb_randomize",
        ),
        "onecycle.vision.recipes": (
            "get_transforms", "rand_pad", "rand_crop", "rand_zoom", "rand_resize_crop", "zoom_crop",
        ),
        "onecycle.vision.warp_transforms": (
            "jitter", "perspective_warp", "skew", "symmetric_warp", "tilt",
        ),
    },
    "vision.data": {
        "onecycle.vision.image_bunch": (
            "ImageDataBunch",
        ),
        "onecycle.vision.image_downloads": (
            "download_images", "download_image",
        ),
        "onecycle.vision.image_files": (
            "get_image_files", "get_annotations",
        ),
        "onecycle.vision.image_list": (
            "ImageList", "ImageImageList", "ImageItemList",
        ),
        "onecycle.vision.normalization": (
            "denormalize", "normalize", "normalize_funcs", "channel_view", "mnist_stats", "cifar_stats",
            "imagenet_stats",
        ),
        "onecycle.vision.object_list": (
            "bb_pad_collate", "ObjectCategoryList", "ObjectItemList", "ObjectCategoryProcessor",
        ),
        "onecycle.vision.opening": (
            "open_image",
        ),
        "onecycle.vision.points_list": (
            "PointsLabelList", "PointsItemList", "PointsProcessor",
        ),
        "onecycle.vision.segmentation_list": (
            "SegmentationLabelList", "SegmentationItemList", "SegmentationProcessor",
        ),
        "onecycle.vision.verify": (
            "resize_to", "verify_images", "verify_image",
        ),
    },
    "vision.learner": {
        "onecycle.vision.backbones": (
            "create_cnn_model", "create_body", "create_head", "cnn_config",
        ),
        "onecycle.vision.cutting": (
            "has_pool_type",
        ),
        "onecycle.vision.learner": (
            "cnn_learner", "create_cnn", "unet_learner",
        ),
    },
    "vision.interpret": {
        "onecycle.vision.interpret": (
            "SegmentationInterpretation", "ObjectDetectionInterpretation",
        ),
    },
    "vision.gan": {
        "onecycle.vision.gan.discriminative": (
            "GANDiscriminativeLR",
        ),
        "onecycle.vision.gan.items": (
            "NoisyItem", "GANItemList",
        ),
        "onecycle.vision.gan.learner": (
            "GANLearner",
        ),
        "onecycle.vision.gan.losses": (
            "GANLoss", "AdaptiveLoss", "accuracy_thresh_expand", "gan_loss_from_func",
        ),
        "onecycle.vision.gan.module": (
            "GANModule",
        ),
        "onecycle.vision.gan.networks": (
            "basic_critic", "basic_generator", "gan_critic", "AvgFlatten",
        ),
        "onecycle.vision.gan.switchers": (
            "FixedGANSwitcher", "AdaptiveGANSwitcher",
        ),
        "onecycle.vision.gan.trainer": (
            "GANTrainer",
        ),
    },
    "vision.cyclegan": {
        "onecycle.vision.cyclegan.model": (
            "CycleGAN", "CycleGanLoss",
        ),
        "onecycle.vision.cyclegan.networks": (
            "convT_norm_relu", "pad_conv_norm_relu", "ResnetBlock", "resnet_generator", "conv_norm_lr",
            "critic",
        ),
        "onecycle.vision.cyclegan.trainer": (
            "CycleGANTrainer",
        ),
        "onecycle.vision.gan.losses": (
            "AdaptiveLoss",
        ),
    },
    "vision.models.unet": {
        "onecycle.vision.models.unet": (
            "DynamicUnet", "UnetBlock",
        ),
    },
    "vision.models.darknet": {
        "onecycle.vision.models.darknet": (
            "Darknet", "ResLayer", "conv_bn_lrelu",
        ),
    },
    "vision.models.wrn": {
        "onecycle.vision.models.wrn": (
            "BasicBlock", "WideResNet", "wrn_22", "bn_relu_conv",
        ),
    },
    "vision.models.xresnet": {
        "onecycle.vision.models.xresnet": (
            "XResNet", "xresnet18", "xresnet34", "xresnet50", "xresnet101", "xresnet152", "xresnet18_deep",
            "xresnet34_deep", "xresnet50_deep", "init_cnn", "conv", "noop", "conv_layer", "ResBlock",
            "filt_sz", "xresnet",
        ),
    },
    "text.data": {
        "onecycle.text.bunch": (
            "TextDataBunch", "TextClasDataBunch",
        ),
        "onecycle.text.collate": (
            "pad_collate",
        ),
        "onecycle.text.files": (
            "open_text", "OpenFileProcessor",
        ),
        "onecycle.text.items": (
            "Text",
        ),
        "onecycle.text.lists": (
            "TextList", "LMLabelList", "LMTextList",
        ),
        "onecycle.text.lm_bunch": (
            "TextLMDataBunch",
        ),
        "onecycle.text.lm_loader": (
            "LanguageModelPreLoader",
        ),
        "onecycle.text.processors": (
            "TokenizeProcessor", "NumericalizeProcessor",
        ),
        "onecycle.text.recipes": (
            "TextMtd",
        ),
        "onecycle.text.rules": (
            "apply_rules",
        ),
        "onecycle.text.samplers": (
            "SortSampler", "SortishSampler",
        ),
        "onecycle.text.sentencepiece": (
            "SPProcessor", "get_default_size", "train_sentencepiece",
        ),
    },
    "text.transform": {
        "onecycle.text.rules": (
            "fix_html", "replace_all_caps", "replace_rep", "replace_wrep", "rm_useless_spaces",
            "spec_add_spaces", "deal_caps",
        ),
        "onecycle.text.special_tokens": (
            "BOS", "EOS", "FLD", "UNK", "PAD", "TK_MAJ", "TK_UP", "TK_REP", "TK_WREP",
        ),
        "onecycle.text.tokenizer": (
            "Tokenizer",
        ),
        "onecycle.text.vocab": (
            "Vocab",
        ),
        "onecycle.text.word_tokenizer": (
            "BaseTokenizer", "SpacyTokenizer",
        ),
    },
    "text.learner": {
        "onecycle.text.generation": (
            "decode_spec_tokens",
        ),
        "onecycle.text.heads": (
            "get_language_model", "get_text_classifier", "PoolingLinearClassifier", "masked_concat_pool",
        ),
        "onecycle.text.language_learner": (
            "LanguageLearner", "language_model_learner",
        ),
        "onecycle.text.learner": (
            "RNNLearner", "text_classifier_learner",
        ),
        "onecycle.text.weights": (
            "convert_weights",
        ),
        "onecycle.text.windows": (
            "MultiBatchEncoder",
        ),
    },
    "text.interpret": {
        "onecycle.text.interpret": (
            "TextClassificationInterpretation", "value2rgba", "piece_attn_html", "show_piece_attn",
        ),
    },
    "text.models.awd_lstm": {
        "onecycle.text.interpret": (
            "value2rgba", "piece_attn_html", "show_piece_attn",
        ),
        "onecycle.text.models.awd_lstm": (
            "AWD_LSTM", "awd_lstm_lm_split", "awd_lstm_clas_split", "awd_lstm_lm_config",
            "awd_lstm_clas_config",
        ),
        "onecycle.text.models.decoder": (
            "LinearDecoder", "SequentialRNN",
        ),
        "onecycle.text.models.dropout": (
            "EmbeddingDropout", "RNNDropout", "WeightDropout", "dropout_mask",
        ),
    },
    "text.models.qrnn": {
        "onecycle.text.models.qrnn": (
            "QRNNLayer", "QRNN", "forget_mult_CPU",
        ),
    },
    "text.models.transformer": {
        "onecycle.text.models.transformer": (
            "Activation", "PositionalEncoding", "GeLU", "Swish", "feed_forward", "MultiHeadAttention",
            "DecoderLayer", "Transformer", "tfmer_lm_config", "tfmer_clas_config", "tfmer_lm_split",
            "tfmer_clas_split", "init_transformer",
        ),
        "onecycle.text.models.transformer_xl": (
            "MultiHeadRelativeAttention", "TransformerXL", "tfmerXL_lm_config", "tfmerXL_clas_config",
            "tfmerXL_lm_split", "tfmerXL_clas_split",
        ),
    },
    "tabular.data": {
        "onecycle.tabular.bunch": (
            "TabularDataBunch",
        ),
        "onecycle.tabular.lines": (
            "TabularLine",
        ),
        "onecycle.tabular.lists": (
            "TabularList",
        ),
        "onecycle.tabular.processor": (
            "TabularProcessor",
        ),
        "onecycle.tabular.sizes": (
            "emb_sz_rule", "def_emb_sz",
        ),
    },
    "tabular.transform": {
        "onecycle.tabular.dates": (
            "add_datepart", "add_elapsed_times", "make_date", "add_cyclic_datepart", "cyclic_dt_feat_names",
            "cyclic_dt_features",
        ),
        "onecycle.tabular.procs": (
            "Categorify", "FillMissing", "FillStrategy", "Normalize", "TabularProc",
        ),
        "onecycle.tabular.split_columns": (
            "cont_cat_split",
        ),
    },
    "tabular.models": {
        "onecycle.tabular.models": (
            "TabularModel",
        ),
    },
    "tabular.learner": {
        "onecycle.tabular.learner": (
            "tabular_learner",
        ),
    },
    "utils.mem": {
        "onecycle.utils.mem": (
            "GPUMemory", "preload_pytorch", "b2mb", "gpu_mem_get", "gpu_mem_get_all", "gpu_mem_get_free",
            "gpu_mem_get_free_no_cache", "gpu_mem_get_used", "gpu_mem_get_used_fast",
            "gpu_mem_get_used_no_cache", "gpu_with_max_free_mem", "GPUMemTrace", "gpu_mem_trace",
            "reduce_mem_usage",
        ),
    },
}

# v1 module -> names that its star import does not bring
HIDDEN: dict[str, tuple[str, ...]] = {
    "data_block": (
        "CategoryListBase",
    ),
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
    "train": (
        "clip_grad",
    ),
    "datasets": (
        "modelpath4file",
    ),
    "collab": (
        "CollabProcessor",
    ),
    "distributed": (
        "ParallelTrainer", "rnn_reset",
    ),
    "callbacks.hooks": (
        "total_params", "hook_params", "params_size", "get_layer_name", "layers_info",
    ),
    "vision.data": (
        "download_image", "ObjectCategoryProcessor", "open_image", "PointsProcessor", "SegmentationProcessor",
        "verify_image",
    ),
    "vision.learner": (
        "cnn_config", "has_pool_type",
    ),
    "vision.gan": (
        "gan_loss_from_func", "AvgFlatten",
    ),
    "vision.cyclegan": (
        "convT_norm_relu", "pad_conv_norm_relu", "ResnetBlock", "resnet_generator", "conv_norm_lr", "critic",
    ),
    "vision.models.darknet": (
        "conv_bn_lrelu",
    ),
    "vision.models.wrn": (
        "bn_relu_conv",
    ),
    "vision.models.xresnet": (
        "init_cnn", "conv", "noop", "conv_layer", "ResBlock", "filt_sz", "xresnet",
    ),
    "text.data": (
        "TextMtd", "apply_rules", "get_default_size", "train_sentencepiece",
    ),
    "text.learner": (
        "masked_concat_pool",
    ),
    "text.interpret": (
        "value2rgba", "piece_attn_html", "show_piece_attn",
    ),
    "text.models.awd_lstm": (
        "value2rgba", "piece_attn_html", "show_piece_attn",
    ),
    "text.models.qrnn": (
        "forget_mult_CPU",
    ),
    "text.models.transformer": (
        "init_transformer",
    ),
    "tabular.data": (
        "emb_sz_rule", "def_emb_sz",
    ),
    "tabular.transform": (
        "cyclic_dt_feat_names", "cyclic_dt_features",
    ),
}
