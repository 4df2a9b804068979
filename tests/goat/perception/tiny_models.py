"""Tiny randomly initialised models, saved as real ones are: for tests of the whole path."""

from pathlib import Path

import numpy as np

WORDS = ("a", "photo", "of", "the", "red", "blue", "chair", "sofa", "coffee", "dining", "table")


def word_tokenizer(folder: Path) -> None:
    """Save a tokenizer of whole words."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: i for i, word in enumerate(["<pad>", "<unk>", "</s>", *WORDS])}
    core = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    core.normalizer = Lowercase()
    core.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", unk_token="<unk>", eos_token="</s>"
    ).save_pretrained(folder)


def bert_tokenizer(folder: Path) -> None:
    """Save a WordPiece tokenizer that splits "lamps" in two."""
    from transformers import BertTokenizer

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "lamp", ".", "##s"]
    BertTokenizer(vocab={word: i for i, word in enumerate(vocabulary)}).save_pretrained(folder)


def clip_tokenizer(folder: Path) -> None:
    """Save a byte-pair tokenizer without merges."""
    from transformers import CLIPTokenizer

    letters = [chr(c) for c in range(33, 127)]
    names = [*letters, *(f"{c}</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    CLIPTokenizer(
        vocab={name: i for i, name in enumerate(names)}, merges=[], model_max_length=16
    ).save_pretrained(folder)


def clip(folder: Path) -> None:
    """Save a CLIP of two layers."""
    import torch
    from transformers import CLIPConfig, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.manual_seed(0)
    config = CLIPConfig(
        text_config=_clip_text(),
        vision_config={**_small(), "image_size": 32, "patch_size": 8},
        projection_dim=12,
    )
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    ).save_pretrained(folder)
    clip_tokenizer(folder)


def siglip(folder: Path) -> None:
    """Save a SigLIP of fixed resolution."""
    import torch
    from transformers import SiglipConfig, SiglipModel
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    torch.manual_seed(0)
    text = {**_small(), "vocab_size": len(WORDS) + 3, "max_position_embeddings": 64}
    config = SiglipConfig(
        text_config={**text, "projection_size": 16, "bos_token_id": 2, "eos_token_id": 2},
        vision_config={**_small(), "image_size": 32, "patch_size": 8},
    )
    SiglipModel(config).save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    word_tokenizer(folder)


def grounding_dino(folder: Path) -> None:
    """Save a Grounding DINO on a small Swin and a small BERT."""
    import torch
    from transformers import (
        BertConfig,
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        SwinConfig,
    )
    from transformers.models.grounding_dino.image_processing_pil_grounding_dino import (
        GroundingDinoImageProcessorPil,
    )

    torch.manual_seed(0)
    swin = SwinConfig(
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        window_size=4,
        image_size=64,
        out_features=["stage2", "stage3", "stage4"],
    )
    bert = BertConfig(**_small(), vocab_size=len(WORDS) + 8, max_position_embeddings=64)
    config = GroundingDinoConfig(
        backbone_config=swin,
        text_config=bert,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        num_queries=20,
        max_text_len=16,
    )
    GroundingDinoForObjectDetection(config).save_pretrained(folder)
    GroundingDinoImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 96}).save_pretrained(
        folder
    )
    bert_tokenizer(folder)


def owlv2(folder: Path) -> None:
    """Save an OWLv2 of two layers."""
    import torch
    from transformers import Owlv2Config, Owlv2ForObjectDetection
    from transformers.models.owlv2.image_processing_pil_owlv2 import Owlv2ImageProcessorPil

    torch.manual_seed(0)
    config = Owlv2Config(
        text_config=_clip_text(),
        vision_config={**_small(), "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    Owlv2ForObjectDetection(config).save_pretrained(folder)
    Owlv2ImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    clip_tokenizer(folder)


def sam2(folder: Path) -> None:
    """Save a SAM 2 for images of 64 px."""
    import torch
    from transformers import (
        Sam2Config,
        Sam2HieraDetConfig,
        Sam2MaskDecoderConfig,
        Sam2Model,
        Sam2PromptEncoderConfig,
        Sam2VisionConfig,
    )

    torch.manual_seed(0)
    widths = [8, 16, 32, 64]
    hiera = Sam2HieraDetConfig(
        hidden_size=8,
        image_size=[64, 64],
        blocks_per_stage=[1, 1, 1, 1],
        embed_dim_per_stage=widths,
        num_attention_heads_per_stage=[1, 1, 2, 2],
        window_size_per_stage=[4, 4, 4, 2],
        global_attention_blocks=[],
    )
    vision = Sam2VisionConfig(
        backbone_config=hiera,
        backbone_channel_list=widths[::-1],
        backbone_feature_sizes=[[16, 16], [8, 8], [4, 4]],
        fpn_hidden_size=32,
    )
    prompts = Sam2PromptEncoderConfig(hidden_size=32, image_size=64)
    decoder = Sam2MaskDecoderConfig(
        hidden_size=32, mlp_dim=32, num_attention_heads=2, iou_head_hidden_dim=32
    )
    Sam2Model(
        Sam2Config(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder)
    ).save_pretrained(folder)


def mask2former(folder: Path) -> None:
    """Save a Mask2Former with four categories."""
    import torch
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, SwinConfig
    from transformers.models.mask2former.image_processing_pil_mask2former import (
        Mask2FormerImageProcessorPil,
    )

    torch.manual_seed(0)
    swin = SwinConfig(
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        window_size=4,
        image_size=64,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    config = Mask2FormerConfig(
        backbone_config=swin,
        feature_size=32,
        mask_feature_size=32,
        hidden_dim=32,
        encoder_feedforward_dim=16,
        dim_feedforward=16,
        encoder_layers=1,
        decoder_layers=2,
        num_attention_heads=2,
        num_queries=12,
        id2label={0: "chair", 1: "sofa", 2: "table-merged", 3: "wall-other-merged"},
    )
    Mask2FormerForUniversalSegmentation(config).save_pretrained(folder)
    Mask2FormerImageProcessorPil(size={"height": 64, "width": 64}).save_pretrained(folder)


def lightglue(folder: Path) -> None:
    """Save a LightGlue on a small SuperPoint that matches equal descriptors."""
    import torch
    from transformers import LightGlueConfig, LightGlueForKeypointMatching, SuperPointConfig
    from transformers.models.lightglue.image_processing_pil_lightglue import (
        LightGlueImageProcessorPil,
    )

    torch.manual_seed(0)
    detector = SuperPointConfig(
        encoder_hidden_sizes=[8, 8, 8, 8],
        decoder_hidden_size=16,
        keypoint_decoder_dim=65,
        descriptor_decoder_dim=16,
        max_keypoints=64,
        keypoint_threshold=0.0,
    )
    config = LightGlueConfig(
        keypoint_detector_config=detector,
        descriptor_dim=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        filter_threshold=0.0,
    )
    model = LightGlueForKeypointMatching(config)
    with torch.no_grad():
        for name, values in model.named_parameters():
            if "mlp.fc2" in name:
                values.zero_()
            if "final_projection.weight" in name:
                values.copy_(100.0 * torch.eye(16))
            if "matchability.bias" in name:
                values.fill_(5.0)
    model.save_pretrained(folder)
    LightGlueImageProcessorPil(size={"height": 64, "width": 64}).save_pretrained(folder)


def efficient_loftr(folder: Path) -> None:
    """Save an EfficientLoFTR with narrow stages."""
    import torch
    from transformers import EfficientLoFTRConfig, EfficientLoFTRForKeypointMatching
    from transformers.models.efficientloftr.image_processing_pil_efficientloftr import (
        EfficientLoFTRImageProcessorPil,
    )

    torch.manual_seed(0)
    config = EfficientLoFTRConfig(
        stage_num_blocks=[1, 1, 1, 1],
        out_features=[8, 8, 16, 16],
        stage_stride=[2, 1, 2, 2],
        hidden_size=16,
        q_aggregation_kernel_size=2,
        kv_aggregation_kernel_size=2,
        q_aggregation_stride=2,
        kv_aggregation_stride=2,
        num_attention_layers=1,
        num_attention_heads=8,
        fine_matching_slice_dim=2,
        coarse_matching_threshold=0.0,
        coarse_matching_border_removal=0,
    )
    EfficientLoFTRForKeypointMatching(config).save_pretrained(folder)
    EfficientLoFTRImageProcessorPil(size={"height": 64, "width": 64}).save_pretrained(folder)


def picture(seed: int = 0, height: int = 48, width: int = 64) -> np.ndarray:
    """Return a smooth random image (height, width, 3) uint8."""
    import cv2

    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (5, 5), 0)


def _small() -> dict[str, int]:
    return {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }


def _clip_text() -> dict[str, int]:
    return {
        **_small(),
        "vocab_size": 190,
        "max_position_embeddings": 16,
        "bos_token_id": 188,
        "eos_token_id": 189,
        "pad_token_id": 189,
    }
