"""The v1 paths and the leaf of each of their names. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

# v1 module -> leaf -> names
LEAVES: dict[str, dict[str, tuple[str, ...]]] = {
    "basic_data": {
        "onecycle.data.bunch": (
            "DataBunch",
        ),
        "onecycle.data.loaders": (
            "DatasetType", "DeviceDataLoader",
        ),
        "onecycle.data.saving": (
            "load_data",
        ),
    },
    "basic_train": {
        "onecycle.as_fastai_extras": (
            "load_callback",
        ),
        "onecycle.learner": (
            "Learner", "load_learner",
        ),
        "onecycle.training.callback": (
            "LearnerCallback",
        ),
        "onecycle.training.loop": (
            "loss_batch", "get_preds", "validate", "train_epoch", "BasicLearner", "fit",
        ),
        "onecycle.training.recorder": (
            "RecordOnCPU", "Recorder",
        ),
    },
    "callback": {
        "onecycle.metrics.base": (
            "AverageMetric",
        ),
        "onecycle.optim.schedules": (
            "SmoothenValue", "annealing_no", "annealing_linear", "annealing_exp", "annealing_cos",
            "do_annealing_poly", "annealing_poly", "Scheduler",
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
    "callbacks.cpu_mem": {
        "onecycle.as_fastai_extras": (
            "CpuPeakMemMetric",
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
            "TrainingPhase", "GeneralScheduler",
        ),
    },
    "callbacks.hooks": {
        "onecycle.callbacks.hooks": (
            "Hook", "Hooks", "hook_output", "hook_outputs", "HookCallback", "ActivationStats", "dummy_batch",
            "dummy_eval", "model_sizes", "num_features_model", "total_params", "hook_params", "params_size",
            "get_layer_name", "layers_info", "model_summary",
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
    "callbacks.undersampling": {
        "onecycle.callbacks.undersampling": (
            "UnderSamplingCallback",
        ),
    },
    "collab": {
        "onecycle.collab.data": (
            "CollabProcessor", "CollabLine", "CollabList", "CollabDataBunch",
        ),
        "onecycle.collab.learner": (
            "CollabLearner", "collab_learner",
        ),
        "onecycle.collab.models": (
            "EmbeddingDotBias",
        ),
        "onecycle.collab.network": (
            "EmbeddingNN",
        ),
    },
    "core": {
        "onecycle.as_fastai_types": (
            "AnnealFunc", "ArgStar", "BatchSamples", "DataFrameOrChunks", "ImgLabel", "ImgLabels",
            "IntsOrStrs", "KeyFunc", "KWArgs", "ListRules", "ListSizes", "NPArrayableList", "NPArrayList",
            "NPArrayMask", "NPImage", "OptDataFrame", "OptRange", "OptStrTuple", "OptStats",
            "PathLikeOrBinaryStream", "PBar", "Point", "Points", "Sizes", "SplitArrayList", "StartOptEnd",
            "StrList", "Tokens", "OptStrList", "TfmList",
        ),
        "onecycle.data.items": (
            "ItemBase", "EmptyLabel", "Category", "MultiCategory", "FloatItem",
        ),
        "onecycle.types": (
            "FilePathList", "Floats", "ListOrItem", "OptListOrItem", "PathOrStr",
        ),
        "onecycle.utils.collections": (
            "is_listy", "is_tuple", "is_dict", "chunks", "recurse", "first_el", "to_int", "is1d", "uniqueify",
            "idx_dict", "arrays_split", "random_split", "listify", "even_mults", "partition",
            "partition_by_cores", "recurse_eq", "range_of", "arange_of", "one_hot", "index_row", "array",
            "float_or_x",
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
    "data_block": {
        "onecycle.as_fastai_types": (
            "PreProcessors",
        ),
        "onecycle.data.categories": (
            "EmptyLabelList", "CategoryListBase", "CategoryList", "MultiCategoryList", "FloatList",
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
            "PreProcessor", "CategoryProcessor", "MultiCategoryProcessor", "MixedProcessor",
        ),
        "onecycle.data.sources": (
            "get_files",
        ),
    },
    "datasets": {
        "onecycle.as_fastai_extras": (
            "MODEL_URL", "URL",
        ),
        "onecycle.data.download": (
            "URLs", "Config", "url2name", "url2path", "modelpath4file", "datapath4file", "download_data",
            "untar_data",
        ),
    },
    "distributed": {
        "onecycle.callbacks.distributed": (
            "ParallelTrainer", "DistributedTrainer", "DistributedRecorder", "read_metrics", "setup_distrib",
        ),
        "onecycle.callbacks.rnn": (
            "rnn_reset",
        ),
    },
    "imports.core": {
        "onecycle.as_fastai_extras": (
            "pd_max_colwidth", "try_import", "have_min_pkg_version",
        ),
    },
    "launch": {
        "onecycle.launch": (
            "main",
        ),
    },
    "layers": {
        "onecycle.nn.attention": (
            "PooledSelfAttention2d", "SelfAttention",
        ),
        "onecycle.nn.blocks": (
            "conv_layer", "SequentialEx", "MergeLayer", "res_block", "PixelShuffle_ICNR", "simple_cnn",
        ),
        "onecycle.nn.init": (
            "icnr", "trunc_normal_",
        ),
        "onecycle.nn.layers": (
            "Lambda", "View", "ResizeBatch", "Flatten", "PoolFlatten", "bn_drop_lin", "conv1d", "conv2d",
            "conv2d_trans", "relu", "sigmoid_range", "SigmoidRange", "PartialLayer", "AdaptiveConcatPool2d",
            "Debugger", "embedding",
        ),
        "onecycle.nn.losses": (
            "FlattenedLoss", "CrossEntropyFlat", "BCEWithLogitsFlat", "BCEFlat", "MSELossFlat", "NoopLoss",
            "WassersteinLoss", "LabelSmoothingCrossEntropy",
        ),
        "onecycle.nn.norm": (
            "NormType", "batchnorm_2d", "BatchNorm1dFlat",
        ),
    },
    "metrics": {
        "onecycle.metrics.classification": (
            "accuracy", "top_k_accuracy", "error_rate",
        ),
        "onecycle.metrics.confusion": (
            "ConfusionMatrix", "CMScores", "Recall", "Precision", "FBeta", "KappaScore", "MatthewsCorreff",
        ),
        "onecycle.metrics.language": (
            "Perplexity",
        ),
        "onecycle.metrics.multilabel": (
            "fbeta", "accuracy_thresh", "MultiLabelFbeta",
        ),
        "onecycle.metrics.pictures": (
            "psnr",
        ),
        "onecycle.metrics.ranking": (
            "auc_roc_score", "roc_curve", "AUROC",
        ),
        "onecycle.metrics.regression": (
            "exp_rmspe", "mean_absolute_error", "mean_squared_error", "root_mean_squared_error",
            "mean_squared_logarithmic_error", "explained_variance", "r2_score", "RegMetrics", "R2Score",
            "ExplainedVariance", "RMSE", "ExpRMSPE", "mse", "mae", "msle", "rmse",
        ),
        "onecycle.metrics.segmentation": (
            "foreground_acc", "dice",
        ),
    },
    "tabular.data": {
        "onecycle.as_fastai_types": (
            "OptTabTfms",
        ),
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
    "tabular.learner": {
        "onecycle.tabular.learner": (
            "tabular_learner",
        ),
    },
    "tabular.models": {
        "onecycle.tabular.models": (
            "TabularModel",
        ),
    },
    "tabular.transform": {
        "onecycle.tabular.dates": (
            "make_date", "cyclic_dt_feat_names", "cyclic_dt_features", "add_cyclic_datepart", "add_datepart",
            "add_elapsed_times",
        ),
        "onecycle.tabular.procs": (
            "TabularProc", "Categorify", "FillStrategy", "FillMissing", "Normalize",
        ),
        "onecycle.tabular.split_columns": (
            "cont_cat_split",
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
            "get_default_size", "train_sentencepiece", "SPProcessor",
        ),
    },
    "text.interpret": {
        "onecycle.text.interpret": (
            "value2rgba", "piece_attn_html", "show_piece_attn", "TextClassificationInterpretation",
        ),
    },
    "text.learner": {
        "onecycle.text.generation": (
            "decode_spec_tokens",
        ),
        "onecycle.text.heads": (
            "get_language_model", "masked_concat_pool", "PoolingLinearClassifier", "get_text_classifier",
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
            "dropout_mask", "RNNDropout", "WeightDropout", "EmbeddingDropout",
        ),
    },
    "text.models.qrnn": {
        "onecycle.text.models.qrnn": (
            "forget_mult_CPU", "QRNNLayer", "QRNN",
        ),
    },
    "text.models.transformer": {
        "onecycle.text.models.transformer": (
            "Activation", "PositionalEncoding", "GeLU", "Swish", "feed_forward", "MultiHeadAttention",
            "DecoderLayer", "Transformer", "init_transformer", "tfmer_lm_config", "tfmer_clas_config",
            "tfmer_lm_split", "tfmer_clas_split",
        ),
        "onecycle.text.models.transformer_xl": (
            "MultiHeadRelativeAttention", "TransformerXL", "tfmerXL_lm_config", "tfmerXL_clas_config",
            "tfmerXL_lm_split", "tfmerXL_clas_split",
        ),
    },
    "text.transform": {
        "onecycle.text.rules": (
            "spec_add_spaces", "rm_useless_spaces", "replace_rep", "replace_wrep", "fix_html",
            "replace_all_caps", "deal_caps",
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
    "torch_core": {
        "onecycle.as_fastai_extras": (
            "AdamW", "np_address", "flatten_check",
        ),
        "onecycle.as_fastai_types": (
            "AffineMatrix", "BoolOrTensor", "FloatOrTensor", "IntOrTensor", "ItemsList", "LambdaFunc",
            "LayerFunc", "NPArray", "OptOptimizer", "ParamList", "Rank0Tensor", "SplitFunc",
            "SplitFuncOrIdxList", "TensorOrNumList", "TensorImage", "TensorImageSize", "Tensors", "Weights",
            "AffineFunc", "HookFunc", "LogitTensorImage", "MetricFunc", "MetricFuncList", "MetricsList",
            "OptLossFunc", "OptMetrics", "OptSplitFunc", "PixelFunc", "LightingFunc", "fastai_types",
        ),
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
            "bn_types", "bias_types", "no_wd_types",
        ),
        "onecycle.nn.surgery": (
            "is_pool_type", "requires_grad", "has_params", "trainable_params", "children", "num_children",
            "range_children", "children_and_parameters", "flatten_model", "first_layer", "last_layer",
            "split_model_idx", "split_model", "get_param_groups", "split_no_wd_params", "set_bn_eval",
            "bn2float", "model2half", "ModelOnCPU", "one_param", "get_model",
        ),
        "onecycle.types": (
            "ModuleList", "TensorOrNumber", "LossFunction",
        ),
        "onecycle.utils.bundle": (
            "try_save",
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
            "one_cycle_scheduler", "fit_one_cycle", "fit_fc", "lr_find", "mixup", "clip_grad",
        ),
    },
    "utils.collect_env": {
        "onecycle.as_fastai_extras": (
            "pillow_version", "get_env", "show_install", "pypi_module_version_is_available", "check_perf",
        ),
    },
    "utils.ipython": {
        "onecycle.as_fastai_extras": (
            "is_in_ipython", "IS_IN_IPYTHON", "is_in_colab", "IS_IN_COLAB", "get_ref_free_exc_info",
            "gpu_mem_restore", "gpu_mem_restore_ctx",
        ),
    },
    "utils.mem": {
        "onecycle.as_fastai_extras": (
            "use_gpu",
        ),
        "onecycle.utils.mem": (
            "GPUMemory", "preload_pytorch", "b2mb", "gpu_mem_get", "gpu_mem_get_all", "gpu_mem_get_free",
            "gpu_mem_get_free_no_cache", "gpu_mem_get_used", "gpu_mem_get_used_fast",
            "gpu_mem_get_used_no_cache", "gpu_with_max_free_mem", "GPUMemTrace", "gpu_mem_trace",
            "reduce_mem_usage",
        ),
    },
    "utils.mod_display": {
        "onecycle.as_fastai_extras": (
            "progress_disabled_ctx",
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
    "vision.data": {
        "onecycle.vision.image_bunch": (
            "ImageDataBunch",
        ),
        "onecycle.vision.image_downloads": (
            "download_image", "download_images",
        ),
        "onecycle.vision.image_files": (
            "image_extensions", "get_image_files", "get_annotations",
        ),
        "onecycle.vision.image_list": (
            "ImageList", "ImageImageList",
        ),
        "onecycle.vision.normalization": (
            "normalize", "denormalize", "normalize_funcs", "cifar_stats", "imagenet_stats", "mnist_stats",
            "channel_view",
        ),
        "onecycle.vision.object_list": (
            "bb_pad_collate", "ObjectCategoryProcessor", "ObjectCategoryList", "ObjectItemList",
        ),
        "onecycle.vision.points_list": (
            "PointsProcessor", "PointsLabelList", "PointsItemList",
        ),
        "onecycle.vision.segmentation_list": (
            "SegmentationProcessor", "SegmentationLabelList", "SegmentationItemList",
        ),
        "onecycle.vision.verify": (
            "resize_to", "verify_image", "verify_images",
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
            "GANLoss", "gan_loss_from_func", "AdaptiveLoss", "accuracy_thresh_expand",
        ),
        "onecycle.vision.gan.module": (
            "GANModule",
        ),
        "onecycle.vision.gan.networks": (
            "AvgFlatten", "basic_critic", "basic_generator", "gan_critic",
        ),
        "onecycle.vision.gan.switchers": (
            "FixedGANSwitcher", "AdaptiveGANSwitcher",
        ),
        "onecycle.vision.gan.trainer": (
            "GANTrainer",
        ),
    },
    "vision.image": {
        "onecycle.vision.boxes": (
            "ImageBBox",
        ),
        "onecycle.vision.flow": (
            "FlowField", "CoordFunc", "scale_flow",
        ),
        "onecycle.vision.opening": (
            "pil2tensor", "open_image", "open_mask", "open_mask_rle",
        ),
        "onecycle.vision.picture": (
            "Image",
        ),
        "onecycle.vision.points": (
            "ImagePoints",
        ),
        "onecycle.vision.resize": (
            "ResizeMethod", "bb2hw", "tis2hw",
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
            "Transform", "RandTransform", "TfmAffine", "TfmPixel", "TfmCoord", "TfmCrop", "TfmLighting",
            "TfmList",
        ),
    },
    "vision.interpret": {
        "onecycle.vision.interpret": (
            "SegmentationInterpretation", "ObjectDetectionInterpretation",
        ),
    },
    "vision.learner": {
        "onecycle.vision.backbones": (
            "cnn_config", "create_body", "create_head", "create_cnn_model",
        ),
        "onecycle.vision.cutting": (
            "has_pool_type",
        ),
        "onecycle.vision.learner": (
            "cnn_learner", "create_cnn", "unet_learner",
        ),
    },
    "vision.models.darknet": {
        "onecycle.vision.models.darknet": (
            "conv_bn_lrelu", "ResLayer", "Darknet",
        ),
    },
    "vision.models.presnet": {
        "onecycle.vision.models.wrn": (
            "BasicBlock",
        ),
        "onecycle.vision.models.xresnet": (
            "init_cnn", "conv", "conv_layer",
        ),
    },
    "vision.models.unet": {
        "onecycle.vision.models.unet": (
            "UnetBlock", "DynamicUnet",
        ),
    },
    "vision.models.wrn": {
        "onecycle.vision.models.wrn": (
            "bn_relu_conv", "BasicBlock", "WideResNet", "wrn_22",
        ),
    },
    "vision.models.xception": {
        "onecycle.vision.models.xceptions": (
            "xception",
        ),
        "onecycle.vision.models.xresnet": (
            "conv",
        ),
    },
    "vision.models.xresnet": {
        "onecycle.vision.models.xresnet": (
            "init_cnn", "conv", "noop", "conv_layer", "ResBlock", "filt_sz", "XResNet", "xresnet",
            "xresnet18_deep", "xresnet34_deep", "xresnet50_deep", "xresnet18", "xresnet34", "xresnet50",
            "xresnet101", "xresnet152",
        ),
    },
    "vision.models.xresnet2": {
        "onecycle.vision.models.wrn": (
            "BasicBlock",
        ),
        "onecycle.vision.models.xresnet": (
            "XResNet", "xresnet18", "xresnet101", "xresnet152",
        ),
    },
    "vision.transform": {
        "onecycle.vision.affine_transforms": (
            "rotate", "zoom", "squish", "flip_affine", "dihedral_affine", "zoom_squish",
        ),
        "onecycle.vision.pixel_transforms": (
            "brightness", "contrast", "flip_lr", "dihedral", "pad", "cutout", "rgb_randomize", "crop",
            "crop_pad",
        ),
        "onecycle.vision.recipes": (
            "rand_pad", "rand_zoom", "rand_crop", "zoom_crop", "get_transforms", "rand_resize_crop",
        ),
        "onecycle.vision.warp_transforms": (
            "jitter", "perspective_warp", "symmetric_warp", "tilt", "skew",
        ),
    },
}

# v1 module -> names that its star import does not bring
HIDDEN: dict[str, tuple[str, ...]] = {
    "basic_train": (
        "load_callback", "BasicLearner",
    ),
    "callback": (
        "do_annealing_poly",
    ),
    "callbacks.hooks": (
        "total_params", "hook_params", "params_size", "get_layer_name", "layers_info",
    ),
    "data_block": (
        "PreProcessors", "CategoryListBase",
    ),
    "datasets": (
        "MODEL_URL", "URL", "modelpath4file",
    ),
    "distributed": (
        "ParallelTrainer", "rnn_reset",
    ),
    "layers": (
        "conv1d",
    ),
    "metrics": (
        "CMScores", "psnr", "RegMetrics",
    ),
    "tabular.data": (
        "OptTabTfms", "emb_sz_rule", "def_emb_sz",
    ),
    "tabular.transform": (
        "cyclic_dt_feat_names", "cyclic_dt_features",
    ),
    "text.data": (
        "TextMtd", "apply_rules", "get_default_size", "train_sentencepiece",
    ),
    "text.interpret": (
        "value2rgba", "piece_attn_html", "show_piece_attn",
    ),
    "text.learner": (
        "masked_concat_pool",
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
    "train": (
        "clip_grad",
    ),
    "utils.collect_env": (
        "get_env", "pypi_module_version_is_available",
    ),
    "vision.cyclegan": (
        "convT_norm_relu", "pad_conv_norm_relu", "ResnetBlock", "resnet_generator", "conv_norm_lr", "critic",
    ),
    "vision.data": (
        "download_image", "image_extensions", "ObjectCategoryProcessor", "PointsProcessor",
        "SegmentationProcessor", "verify_image",
    ),
    "vision.gan": (
        "gan_loss_from_func", "AvgFlatten",
    ),
    "vision.learner": (
        "cnn_config", "has_pool_type",
    ),
    "vision.models.darknet": (
        "conv_bn_lrelu",
    ),
    "vision.models.presnet": (
        "BasicBlock", "init_cnn", "conv", "conv_layer",
    ),
    "vision.models.wrn": (
        "bn_relu_conv",
    ),
    "vision.models.xception": (
        "conv",
    ),
    "vision.models.xresnet": (
        "init_cnn", "conv", "noop", "conv_layer", "ResBlock", "filt_sz", "xresnet",
    ),
    "vision.models.xresnet2": (
        "BasicBlock",
    ),
    "vision.transform": (
        "zoom_squish",
    ),
}

# v1 module -> v1 modules whose names it has by a star import
STARS: dict[str, tuple[str, ...]] = {
    "basic_data": (
        "torch_core",
    ),
    "basic_train": (
        "torch_core", "basic_data", "callback", "data_block",
    ),
    "basics": (
        "basic_train", "callback", "core", "basic_data", "data_block", "layers", "metrics", "torch_core",
        "train", "datasets", "version",
    ),
    "callback": (
        "basic_data", "torch_core",
    ),
    "callbacks": (
        "callbacks.lr_finder", "callbacks.one_cycle", "callbacks.fp16", "callbacks.general_sched",
        "callbacks.hooks", "callbacks.mixup", "callbacks.rnn", "callbacks.tracker", "callbacks.csv_logger",
        "callbacks.loss_metrics", "callbacks.oversampling", "callbacks.flat_cos_anneal",
    ),
    "callbacks.cpu_mem": (
        "utils.mem", "basic_train", "torch_core",
    ),
    "callbacks.csv_logger": (
        "torch_core", "callback",
    ),
    "callbacks.flat_cos_anneal": (
        "core", "callback", "callbacks",
    ),
    "callbacks.fp16": (
        "torch_core", "callback", "basic_train",
    ),
    "callbacks.general_sched": (
        "core", "callback",
    ),
    "callbacks.hooks": (
        "torch_core", "callback", "basic_train", "basic_data",
    ),
    "callbacks.loss_metrics": (
        "torch_core", "callback",
    ),
    "callbacks.lr_finder": (
        "torch_core", "callback",
    ),
    "callbacks.mem": (
        "utils.mem", "basic_train", "torch_core", "utils.pynvml_gate",
    ),
    "callbacks.mixup": (
        "torch_core", "callback",
    ),
    "callbacks.mlflow": (
        "torch_core", "callback",
    ),
    "callbacks.one_cycle": (
        "core", "callback",
    ),
    "callbacks.oversampling": (
        "torch_core", "callback",
    ),
    "callbacks.rnn": (
        "torch_core", "callback",
    ),
    "callbacks.tensorboard": (
        "core", "torch_core",
    ),
    "callbacks.tracker": (
        "torch_core", "callback", "basic_train",
    ),
    "callbacks.undersampling": (
        "torch_core", "callback",
    ),
    "collab": (
        "tabular",
    ),
    "core": (
        "imports.core",
    ),
    "data_block": (
        "torch_core", "basic_data", "layers",
    ),
    "datasets": (
        "core",
    ),
    "distributed": (
        "torch_core",
    ),
    "general_optimizer": (
        "torch_core",
    ),
    "imports": (
        "imports.core", "imports.torch",
    ),
    "launch": (
        "script",
    ),
    "layers": (
        "torch_core",
    ),
    "metrics": (
        "torch_core", "callback", "layers",
    ),
    "sixel": (
        "core",
    ),
    "tabular": (
        "basics", "tabular.data", "tabular.transform", "tabular.models", "tabular.learner",
    ),
    "tabular.data": (
        "torch_core", "tabular.transform", "basic_data", "data_block",
    ),
    "tabular.learner": (
        "torch_core", "tabular.transform", "tabular.data", "tabular.models", "basic_data", "basic_train",
    ),
    "tabular.models": (
        "torch_core", "layers",
    ),
    "tabular.transform": (
        "torch_core",
    ),
    "text": (
        "basics", "text.learner", "text.data", "text.transform", "text.interpret", "text.models",
    ),
    "text.data": (
        "torch_core", "text.transform", "basic_data", "data_block", "layers",
    ),
    "text.interpret": (
        "torch_core", "basic_data", "basic_train",
    ),
    "text.learner": (
        "torch_core", "basic_train", "callbacks", "basic_data", "datasets", "layers", "text.models",
        "text.transform", "text.data",
    ),
    "text.models": (
        "text.models.awd_lstm", "text.models.transformer",
    ),
    "text.models.awd_lstm": (
        "torch_core", "layers", "basic_train", "basic_data",
    ),
    "text.models.qrnn": (
        "torch_core",
    ),
    "text.models.transformer": (
        "torch_core", "layers",
    ),
    "text.transform": (
        "torch_core",
    ),
    "torch_core": (
        "imports.torch", "core",
    ),
    "train": (
        "torch_core", "callback", "callbacks", "basic_data", "basic_train",
    ),
    "utils": (
        "utils.collect_env",
    ),
    "utils.check_perf": (
        "script", "utils.collect_env",
    ),
    "utils.collect_env": (
        "imports.torch", "core", "script", "utils.pynvml_gate",
    ),
    "utils.mem": (
        "imports.torch", "core", "script", "utils.pynvml_gate",
    ),
    "utils.mod_display": (
        "basic_train", "core",
    ),
    "utils.pynvml_gate": (
        "script",
    ),
    "utils.show_install": (
        "script", "utils.collect_env",
    ),
    "vision": (
        "basics", "vision.learner", "vision.image", "vision.data", "vision.transform", "vision.tta",
    ),
    "vision.cyclegan": (
        "torch_core", "layers", "callback",
    ),
    "vision.data": (
        "torch_core", "vision.image", "vision.transform", "data_block", "basic_data", "layers",
        "vision.learner",
    ),
    "vision.gan": (
        "torch_core", "layers", "callback", "basic_data",
    ),
    "vision.image": (
        "torch_core", "basic_data",
    ),
    "vision.interpret": (
        "torch_core", "basic_data", "basic_train", "vision.image",
    ),
    "vision.learner": (
        "torch_core", "basic_train", "basic_data", "vision.image", "callback", "layers", "callbacks.hooks",
    ),
    "vision.models": (
        "vision.models.xresnet", "vision.models.darknet", "vision.models.unet", "vision.models.wrn",
        "vision.models.xception",
    ),
    "vision.models.cadene_models": (
        "core",
    ),
    "vision.models.darknet": (
        "torch_core", "layers",
    ),
    "vision.models.efficientnet": (
        "core",
    ),
    "vision.models.unet": (
        "torch_core", "layers", "callbacks.hooks",
    ),
    "vision.models.wrn": (
        "layers", "torch_core",
    ),
    "vision.models.xception": (
        "vision",
    ),
    "vision.transform": (
        "torch_core", "vision.image",
    ),
    "vision.tta": (
        "torch_core", "basic_train", "vision.transform",
    ),
    "widgets": (
        "widgets.class_confusion", "widgets.image_cleaner", "widgets.image_downloader",
    ),
    "widgets.image_cleaner": (
        "torch_core", "basic_train", "basic_data", "vision.transform", "vision.image", "callbacks.hooks",
        "layers",
    ),
    "widgets.image_downloader": (
        "core", "vision.data",
    ),
}

# v1 module -> name -> its source, `module:name`, with a dot in front in v1 itself
IMPORTS: dict[str, dict[str, str]] = {
    "basic_data": {
        "default_collate": "torch.utils.data.dataloader:default_collate",
    },
    "basic_train": {
        "gpu_mem_restore": ".utils.ipython:gpu_mem_restore", "inspect": "inspect", "format_time":
        "fastprogress.fastprogress:format_time", "IN_NOTEBOOK": "fastprogress.fastprogress:IN_NOTEBOOK",
        "time": "time:time", "plot_sixel": ".sixel:plot_sixel",
    },
    "basics": {
        "callbacks": ".:callbacks", "doc": ".gen_doc.nbdoc:doc",
    },
    "callback": {
        "dist": "torch.distributed",
    },
    "callbacks.cpu_mem": {
        "tracemalloc": "tracemalloc", "threading": "threading", "torch": "torch", "time": "time",
    },
    "callbacks.csv_logger": {
        "DataBunch": ".basic_data:DataBunch", "Learner": ".basic_train:Learner", "LearnerCallback":
        ".basic_train:LearnerCallback", "time": "time:time", "format_time":
        "fastprogress.fastprogress:format_time",
    },
    "callbacks.flat_cos_anneal": {
        "Learner": ".basic_train:Learner", "LearnerCallback": ".basic_train:LearnerCallback",
    },
    "callbacks.fp16": {
        "parameters_to_vector": "torch.nn.utils:parameters_to_vector",
    },
    "callbacks.general_sched": {
        "Learner": ".basic_train:Learner", "LearnerCallback": ".basic_train:LearnerCallback",
    },
    "callbacks.loss_metrics": {
        "Learner": ".basic_train:Learner", "LearnerCallback": ".basic_train:LearnerCallback",
    },
    "callbacks.lr_finder": {
        "DataBunch": ".basic_data:DataBunch", "Learner": ".basic_train:Learner", "LearnerCallback":
        ".basic_train:LearnerCallback",
    },
    "callbacks.mem": {
        "tracemalloc": "tracemalloc", "threading": "threading", "torch": "torch", "time": "time",
    },
    "callbacks.misc": {
        "Callback": ".callback:Callback",
    },
    "callbacks.mixup": {
        "Learner": ".basic_train:Learner", "LearnerCallback": ".basic_train:LearnerCallback",
    },
    "callbacks.mlflow": {
        "Learner": ".basic_train:Learner", "LearnerCallback": ".basic_train:LearnerCallback", "mlflow":
        "mlflow",
    },
    "callbacks.one_cycle": {
        "Learner": ".basic_train:Learner", "LearnerCallback": ".basic_train:LearnerCallback",
    },
    "callbacks.oversampling": {
        "DataBunch": ".basic_data:DataBunch", "Learner": ".basic_train:Learner", "LearnerCallback":
        ".basic_train:LearnerCallback", "WeightedRandomSampler":
        "torch.utils.data.sampler:WeightedRandomSampler",
    },
    "callbacks.rnn": {
        "Learner": ".basic_train:Learner", "LearnerCallback": ".basic_train:LearnerCallback",
    },
    "callbacks.tensorboard": {
        "Learner": ".basic_train:Learner", "DatasetType": ".basic_data:DatasetType", "DataBunch":
        ".basic_data:DataBunch", "Image": ".vision:Image", "GANLearner": ".vision.gan:GANLearner",
        "LearnerCallback": ".basic_train:LearnerCallback", "Thread": "threading:Thread", "Event":
        "threading:Event", "sleep": "time:sleep", "Queue": "queue:Queue", "statistics": "statistics",
        "vutils": "torchvision.utils", "ABC": "abc:ABC", "SummaryWriter": "tensorboardX:SummaryWriter",
    },
    "callbacks.undersampling": {
        "DataBunch": ".basic_data:DataBunch", "Learner": ".basic_train:Learner", "LearnerCallback":
        ".basic_train:LearnerCallback", "WeightedRandomSampler":
        "torch.utils.data.sampler:WeightedRandomSampler",
    },
    "collab": {
        "tabular": ".:tabular",
    },
    "data_block": {
        "Integral": "numbers:Integral",
    },
    "datasets": {
        "hashlib": "hashlib",
    },
    "distributed": {
        "Learner": ".basic_train:Learner", "LearnerCallback": ".basic_train:LearnerCallback",
        "DistributedDataParallel": "torch.nn.parallel:DistributedDataParallel", "DataParallel":
        "torch.nn.parallel:DataParallel", "DistributedSampler":
        "torch.utils.data.distributed:DistributedSampler", "TextLMDataBunch": ".text:TextLMDataBunch",
        "TextClasDataBunch": ".text:TextClasDataBunch",
    },
    "general_optimizer": {
        "Optimizer": "torch.optim:Optimizer", "types": "types",
    },
    "imports.core": {
        "csv": "csv", "gc": "gc", "gzip": "gzip", "os": "os", "pickle": "pickle", "shutil": "shutil", "sys":
        "sys", "warnings": "warnings", "yaml": "yaml", "io": "io", "subprocess": "subprocess", "math": "math",
        "plt": "matplotlib.pyplot", "np": "numpy", "pd": "pandas", "random": "random", "scipy": "scipy",
        "abc": "abc", "collections": "collections", "hashlib": "hashlib", "itertools": "itertools", "json":
        "json", "operator": "operator", "pathlib": "pathlib", "mimetypes": "mimetypes", "inspect": "inspect",
        "typing": "typing", "functools": "functools", "importlib": "importlib", "weakref": "weakref", "html":
        "html", "re": "re", "requests": "requests", "tarfile": "tarfile", "numbers": "numbers", "tempfile":
        "tempfile", "bz2": "bz2", "abstractmethod": "abc:abstractmethod", "abstractproperty":
        "abc:abstractproperty", "Counter": "collections:Counter", "defaultdict": "collections:defaultdict",
        "namedtuple": "collections:namedtuple", "OrderedDict": "collections:OrderedDict", "Iterable":
        "collections.abc:Iterable", "Sized": "collections.abc:Sized", "concurrent": "concurrent",
        "ProcessPoolExecutor": "concurrent.futures:ProcessPoolExecutor", "ThreadPoolExecutor":
        "concurrent.futures:ThreadPoolExecutor", "copy": "copy:copy", "deepcopy": "copy:deepcopy",
        "dataclass": "dataclasses:dataclass", "field": "dataclasses:field", "InitVar": "dataclasses:InitVar",
        "Enum": "enum:Enum", "IntEnum": "enum:IntEnum", "partial": "functools:partial", "reduce":
        "functools:reduce", "set_trace": "pdb:set_trace", "patches": "matplotlib:patches", "patheffects":
        "matplotlib:patheffects", "array": "numpy:array", "cos": "numpy:cos", "exp": "numpy:exp", "log":
        "numpy:log", "sin": "numpy:sin", "tan": "numpy:tan", "tanh": "numpy:tanh", "attrgetter":
        "operator:attrgetter", "itemgetter": "operator:itemgetter", "Path": "pathlib:Path", "warn":
        "warnings:warn", "contextmanager": "contextlib:contextmanager", "MasterBar":
        "fastprogress.fastprogress:MasterBar", "ProgressBar": "fastprogress.fastprogress:ProgressBar",
        "Patch": "matplotlib.patches:Patch", "Series": "pandas:Series", "DataFrame": "pandas:DataFrame",
        "BufferedWriter": "io:BufferedWriter", "BytesIO": "io:BytesIO", "pkg_resources": "pkg_resources",
        "master_bar": "fastprogress.fastprogress:master_bar", "progress_bar":
        "fastprogress.fastprogress:progress_bar", "Number": "numbers:Number", "Any": "typing:Any", "AnyStr":
        "typing:AnyStr", "Callable": "typing:Callable", "Collection": "typing:Collection", "Dict":
        "typing:Dict", "Hashable": "typing:Hashable", "Iterator": "typing:Iterator", "List": "typing:List",
        "Mapping": "typing:Mapping", "NewType": "typing:NewType", "Optional": "typing:Optional", "Sequence":
        "typing:Sequence", "Tuple": "typing:Tuple", "TypeVar": "typing:TypeVar", "Union": "typing:Union",
        "SimpleNamespace": "types:SimpleNamespace",
    },
    "imports.torch": {
        "torch": "torch", "F": "torch.nn.functional", "ByteTensor": "torch:ByteTensor", "DoubleTensor":
        "torch:DoubleTensor", "FloatTensor": "torch:FloatTensor", "HalfTensor": "torch:HalfTensor",
        "LongTensor": "torch:LongTensor", "ShortTensor": "torch:ShortTensor", "Tensor": "torch:Tensor", "nn":
        "torch:nn", "optim": "torch:optim", "as_tensor": "torch:as_tensor", "BatchSampler":
        "torch.utils.data:BatchSampler", "DataLoader": "torch.utils.data:DataLoader", "Dataset":
        "torch.utils.data:Dataset", "Sampler": "torch.utils.data:Sampler", "TensorDataset":
        "torch.utils.data:TensorDataset", "weight_norm": "torch.nn.utils:weight_norm", "spectral_norm":
        "torch.nn.utils:spectral_norm",
    },
    "launch": {
        "subprocess": "subprocess", "torch": "torch",
    },
    "metrics": {
        "LearnerCallback": ".basic_train:LearnerCallback",
    },
    "script": {
        "os": "os", "sys": "sys", "subprocess": "subprocess", "inspect": "inspect", "dataclass":
        "dataclasses:dataclass", "Any": "typing:Any", "ArgumentParser": "argparse:ArgumentParser",
    },
    "tabular": {
        "basics": ".:basics", "tabular": ".:tabular",
    },
    "tabular.data": {
        "is_numeric_dtype": "pandas.api.types:is_numeric_dtype", "is_categorical_dtype":
        "pandas.api.types:is_categorical_dtype",
    },
    "tabular.learner": {
        "ClassificationInterpretation": ".train:ClassificationInterpretation",
    },
    "tabular.transform": {
        "is_numeric_dtype": "pandas.api.types:is_numeric_dtype", "date": "datetime:date", "datetime":
        "datetime:datetime", "calendar": "calendar",
    },
    "text": {
        "basics": ".:basics", "text": ".:text",
    },
    "text.data": {
        "Callback": ".callback:Callback",
    },
    "text.interpret": {
        "ClassificationInterpretation": ".train:ClassificationInterpretation", "cm": "matplotlib.cm",
    },
    "text.learner": {
        "CategoryList": ".data_block:CategoryList", "accuracy": ".metrics:accuracy", "GradientClipping":
        ".train:GradientClipping",
    },
    "text.models.awd_lstm": {
        "ClassificationInterpretation": ".train:ClassificationInterpretation", "TextClasDataBunch":
        ".text.data:TextClasDataBunch", "cm": "matplotlib.cm",
    },
    "text.models.qrnn": {
        "load": "torch.utils.cpp_extension:load", "Function": "torch.autograd:Function", "fastai": "fastai",
    },
    "text.models.transformer": {
        "RNNDropout": ".text.models.awd_lstm:RNNDropout", "LinearDecoder":
        ".text.models.awd_lstm:LinearDecoder", "SequentialRNN": ".text.models.awd_lstm:SequentialRNN",
    },
    "text.transform": {
        "spacy": "spacy", "ORTH": "spacy.symbols:ORTH",
    },
    "torch_core": {
        "OrderedDict": "collections:OrderedDict", "DistributedDataParallel":
        "torch.nn.parallel:DistributedDataParallel",
    },
    "utils.collect_env": {
        "fastprogress": "fastprogress", "subprocess": "subprocess", "platform": "platform",
    },
    "utils.ipython": {
        "os": "os", "functools": "functools", "traceback": "traceback", "gc": "gc",
    },
    "utils.mem": {
        "functools": "functools", "threading": "threading", "time": "time", "namedtuple":
        "collections:namedtuple",
    },
    "utils.mod_display": {
        "fastai": "fastai", "fastprogress": "fastprogress", "force_console_behavior":
        "fastprogress.fastprogress:force_console_behavior",
    },
    "utils.pynvml_gate": {
        "platform": "platform", "threading": "threading",
    },
    "vision": {
        "basics": ".:basics", "models": ".vision:models", "vision": ".:vision",
    },
    "vision.cyclegan": {
        "Learner": ".basic_train:Learner", "LearnerCallback": ".basic_train:LearnerCallback",
    },
    "vision.data": {
        "tvt": "torchvision:transforms",
    },
    "vision.gan": {
        "Learner": ".basic_train:Learner", "LearnerCallback": ".basic_train:LearnerCallback", "Image":
        ".vision.image:Image", "ImageList": ".vision.data:ImageList",
    },
    "vision.image": {
        "MSELossFlat": ".layers:MSELossFlat", "BytesIO": "io:BytesIO", "PIL": "PIL",
    },
    "vision.interpret": {
        "Interpretation": ".train:Interpretation", "wrap": "textwrap:wrap",
    },
    "vision.learner": {
        "models": ".vision:models", "ClassificationInterpretation": ".train:ClassificationInterpretation",
    },
    "vision.models": {
        "ResNet": "torchvision.models:ResNet", "resnet18": "torchvision.models:resnet18", "resnet34":
        "torchvision.models:resnet34", "resnet50": "torchvision.models:resnet50", "resnet101":
        "torchvision.models:resnet101", "resnet152": "torchvision.models:resnet152", "mobilenet_v2":
        "torchvision.models:mobilenet_v2", "SqueezeNet": "torchvision.models:SqueezeNet", "squeezenet1_0":
        "torchvision.models:squeezenet1_0", "squeezenet1_1": "torchvision.models:squeezenet1_1",
        "densenet121": "torchvision.models:densenet121", "densenet169": "torchvision.models:densenet169",
        "densenet201": "torchvision.models:densenet201", "densenet161": "torchvision.models:densenet161",
        "vgg11_bn": "torchvision.models:vgg11_bn", "vgg13_bn": "torchvision.models:vgg13_bn", "vgg16_bn":
        "torchvision.models:vgg16_bn", "vgg19_bn": "torchvision.models:vgg19_bn", "alexnet":
        "torchvision.models:alexnet",
    },
    "vision.models.cadene_models": {
        "nn": "torch:nn", "model_meta": ".vision.learner:model_meta",
    },
    "vision.models.efficientnet": {
        "EfficientNet": "efficientnet_pytorch:EfficientNet",
    },
    "vision.models.presnet": {
        "set_trace": "pdb:set_trace", "F": "torch.nn.functional", "nn": "torch.nn", "torch": "torch", "math":
        "math", "model_zoo": "torch.utils.model_zoo", "Module": ".torch_core:Module",
    },
    "vision.models.xresnet": {
        "nn": "torch.nn", "torch": "torch", "math": "math", "sys": "sys", "model_zoo":
        "torch.utils.model_zoo", "partial": "functools:partial", "Module": ".torch_core:Module",
    },
    "vision.models.xresnet2": {
        "nn": "torch.nn", "torch": "torch", "math": "math", "model_zoo": "torch.utils.model_zoo", "Module":
        ".torch_core:Module",
    },
    "vision.tta": {
        "DatasetType": ".basic_data:DatasetType",
    },
    "widgets.class_confusion": {
        "math": "math", "re": "re", "pd": "pandas", "plt": "matplotlib.pyplot", "tqdm": "tqdm:tqdm",
        "permutations": "itertools:permutations", "TabularDataBunch": ".tabular.data:TabularDataBunch",
        "ClassificationInterpretation": ".train:ClassificationInterpretation", "widgets": "ipywidgets",
        "Path": "pathlib:Path",
    },
    "widgets.image_cleaner": {
        "ABC": "abc:ABC", "chain": "itertools:chain", "islice": "itertools:islice", "ceil": "math:ceil",
        "LabelLists": ".data_block:LabelLists", "widgets": "ipywidgets:widgets", "Layout":
        "ipywidgets:Layout", "clear_output": "IPython.display:clear_output", "display":
        "IPython.display:display",
    },
    "widgets.image_downloader": {
        "widgets": "ipywidgets:widgets", "Layout": "ipywidgets:Layout", "Output": "ipywidgets:Output", "HBox":
        "ipywidgets:HBox", "VBox": "ipywidgets:VBox", "Text": "ipywidgets:Text", "BoundedIntText":
        "ipywidgets:BoundedIntText", "Button": "ipywidgets:Button", "Dropdown": "ipywidgets:Dropdown", "Box":
        "ipywidgets:Box", "clear_output": "IPython.display:clear_output", "display":
        "IPython.display:display", "quote": "urllib.parse:quote", "BeautifulSoup": "bs4:BeautifulSoup",
        "time": "time",
    },
}

# v1 modules whose star import brings only names of their own
CLOSED = {
    "basic_data", "basic_train", "callback", "callbacks.csv_logger", "callbacks.flat_cos_anneal",
    "callbacks.fp16", "callbacks.general_sched", "callbacks.hooks", "callbacks.loss_metrics",
    "callbacks.lr_finder", "callbacks.mixup", "callbacks.one_cycle", "callbacks.oversampling",
    "callbacks.rnn", "callbacks.tensorboard", "callbacks.tracker", "callbacks.undersampling", "data_block",
    "datasets", "distributed", "general_optimizer", "layers", "metrics", "tabular.data", "tabular.learner",
    "tabular.models", "tabular.transform", "text.data", "text.interpret", "text.learner",
    "text.models.awd_lstm", "text.models.qrnn", "text.models.transformer", "text.transform", "train",
    "utils.collect_env", "utils.mod_display", "vision.cyclegan", "vision.data", "vision.gan", "vision.image",
    "vision.interpret", "vision.learner", "vision.models.cadene_models", "vision.models.darknet",
    "vision.models.presnet", "vision.models.unet", "vision.models.wrn", "vision.models.xception",
    "vision.models.xresnet", "vision.models.xresnet2", "vision.transform", "vision.tta",
    "widgets.image_cleaner", "widgets.image_downloader",
}
