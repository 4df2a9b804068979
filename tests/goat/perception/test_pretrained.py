import builtins
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

sys.path.insert(0, str(Path(__file__).parent))
import tiny_models

from goat.errors import ConfigError, MissingExtraError, ModelError, UnknownNameError
from goat.perception.catalog import DETECTORS, ENCODERS, MATCHERS
from goat.perception.detectors.boxes import Boxes, BoxFiller, overlaps, suppress
from goat.perception.detectors.open_vocabulary import (
    OpenVocabularyConfig,
    OpenVocabularyDetector,
)
from goat.perception.detectors.segmenter import SegmenterConfig, plain_name
from goat.perception.encoders import EncoderConfig
from goat.perception.pair_matchers import PairMatcherConfig
from goat.perception.pretrained import RuntimeConfig, load_model, make_runtime
from goat.types import CameraIntrinsics, Observation

RUNTIME = RuntimeConfig(device="cpu", threads=1, offline=True)
VOCABULARY = ("chair", "coffee table", "dining table", "sofa", "lamps", "red chair", "blue sofa")


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory) -> Callable[[str], str]:
    """Return the folder of a tiny model, made when first asked for."""
    pytest.importorskip("transformers")
    root = tmp_path_factory.mktemp("models")

    def get(name: str) -> str:
        folder = root / name
        if not folder.exists():
            getattr(tiny_models, name)(folder)
        return str(folder)

    return get


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def observe(rgb: np.ndarray) -> Observation:
    height, width = rgb.shape[:2]
    return Observation(
        stamp=0.0,
        rgb=rgb,
        depth=np.ones((height, width), np.float32),
        camera=CameraIntrinsics.from_hfov(width, height, 1.3),
        base_from_camera=RigidTransform.identity(),
        odom_from_base=RigidTransform.identity(),
    )


def check_detections(found: list, allowed: set[str]) -> None:
    assert found
    assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)
    for detection in found:
        assert detection.label in allowed
        assert 0.0 <= detection.score <= 1.0
        assert detection.mask.shape == (48, 64)
        x0, y0, x1, y1 = detection.box.astype(int)
        assert detection.mask[y0:y1, x0:x1].sum() == detection.mask.sum() > 0


@pytest.mark.parametrize(("name", "folder"), [("clip", "clip"), ("siglip", "siglip")])
def test_an_encoder_gives_unit_vectors_in_one_space(folder_of, name, folder):
    config = EncoderConfig(folder_of(folder), batch=2, runtime=RUNTIME)
    encoder = ENCODERS.load(name)(config)
    images = [tiny_models.picture(i, 20 + 7 * i, 50) for i in range(5)]
    vectors = encoder.encode_images(images)
    words = encoder.encode_texts(["a photo of a chair", "the blue sofa", "lamp"])
    assert vectors.shape == (5, words.shape[1])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.linalg.norm(words, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert vectors.dtype == words.dtype == np.float32
    alone = np.concatenate([encoder.encode_images([image]) for image in images])
    assert alone == pytest.approx(vectors, abs=1e-4)
    assert not np.allclose(words[0], words[1], atol=1e-3)
    assert encoder.encode_texts([]).shape == (0, words.shape[1])
    assert encoder.name == config.source


def test_the_image_shape_is_never_taken_for_channels_first(folder_of):
    encoder = ENCODERS.load("clip")(EncoderConfig(folder_of("clip"), runtime=RUNTIME))
    assert encoder.encode_images([tiny_models.picture(0, 3, 40)]).shape[0] == 1


@pytest.mark.parametrize(
    ("name", "finder"), [("grounding-dino", "grounding_dino"), ("owlv2", "owlv2")]
)
@pytest.mark.parametrize("masks", [True, False])
def test_an_open_vocabulary_detector_gives_named_masks(folder_of, name, finder, masks):
    config = OpenVocabularyConfig(
        vocabulary=VOCABULARY,
        finder=folder_of(finder),
        segmenter=folder_of("sam2") if masks else None,
        fill_boxes=not masks,
        score=0.0,
        min_pixels=1,
        runtime=RUNTIME,
    )
    detector = DETECTORS.load(name)(config)
    observation = observe(tiny_models.picture())
    found = detector.detect(observation)
    check_detections(found, set(VOCABULARY))
    again = detector.detect(observation)
    assert [d.score for d in again] == [d.score for d in found]


def test_a_long_vocabulary_is_split_into_captions_that_fit(folder_of):
    from goat.perception.detectors.grounding_dino import GroundingDinoFinder

    finder = GroundingDinoFinder(folder_of("grounding_dino"), RUNTIME)
    parts = list(finder._captions(VOCABULARY))
    assert len(parts) > 1
    assert [name for _, names in parts for name in names] == list(VOCABULARY)
    assert [first for first, _ in parts] == [
        sum(len(names) for _, names in parts[:i]) for i in range(len(parts))
    ]
    text, spans = finder._caption(["Coffee table", "lamps", "sofa"])
    ids = text["input_ids"][0]
    words = [finder._tokens.convert_ids_to_tokens(ids[a:b].tolist()) for a, b in spans]
    assert words == [["coffee", "table"], ["lamp", "##s"], ["sofa"]]


def test_each_category_is_scored_by_its_own_tokens(folder_of):
    from goat.perception.detectors.grounding_dino import _boxes

    chances = np.zeros((2, 16), np.float32)
    chances[0, 1:3] = 0.8, 0.6  # "coffee table"
    chances[1, 5] = 0.9  # "table" of "dining table" alone
    centers = np.array([[0.5, 0.5, 0.5, 0.5]] * 2, np.float32)
    boxes = _boxes(chances, centers, [(1, 3), (4, 6)], 10, (40, 80))
    assert boxes.labels.tolist() == [10, 11]
    assert boxes.scores == pytest.approx([0.7, 0.45])
    assert boxes.corners[0] == pytest.approx([20, 10, 60, 30])


@pytest.mark.parametrize("mode", ["instance", "panoptic"])
def test_a_closed_vocabulary_segmenter_gives_named_masks(folder_of, mode):
    config = SegmenterConfig(
        folder_of("mask2former"), mode=mode, score=0.0, mask=0.4, visible=0.0, min_pixels=1,
        runtime=RUNTIME,
    )  # fmt: skip
    found = DETECTORS.load("mask2former")(config).detect(observe(tiny_models.picture()))
    check_detections(found, {"chair", "sofa", "table", "wall"})
    covered = sum(d.mask.astype(int) for d in found)
    assert mode == "instance" or covered.max() == 1


def test_only_the_wanted_categories_are_reported(folder_of):
    config = SegmenterConfig(
        folder_of("mask2former"), vocabulary=("Sofa",), score=0.0, mask=0.0, runtime=RUNTIME
    )
    found = DETECTORS.load("mask2former")(config).detect(observe(tiny_models.picture()))
    assert {d.label for d in found} <= {"sofa"}


@pytest.mark.parametrize(
    ("raw", "plain"), [("table-merged", "table"), ("wall-other-merged", "wall"), ("Bed, x ", "bed")]
)
def test_category_names_are_plain_words(raw, plain):
    assert plain_name(raw) == plain


@pytest.fixture
def enlarged() -> tuple[np.ndarray, np.ndarray]:
    """Return a picture and the same picture twice as large."""
    rgb = tiny_models.picture(0, 64, 64)
    return rgb, rgb.repeat(2, axis=0).repeat(2, axis=1)


def test_lightglue_finds_the_same_places_in_both_images(folder_of, enlarged):
    config = PairMatcherConfig(folder_of("lightglue"), score=0.1, runtime=RUNTIME)
    matcher = MATCHERS.load("lightglue")(config)
    small, large = (matcher.extract(rgb) for rgb in enlarged)
    assert small.descriptors.dtype == large.descriptors.dtype == np.uint8
    matches = matcher.match(small, large)
    assert matches.tentative >= len(matches.xy_a) >= 8
    assert np.median(np.abs(matches.xy_b - 2 * matches.xy_a)) <= 2.0
    assert len(matcher.match(small, large).xy_a) == len(matches.xy_a)


def test_efficient_loftr_matches_without_keypoints(folder_of, enlarged):
    config = PairMatcherConfig(folder_of("efficient_loftr"), score=-1.0, runtime=RUNTIME)
    matcher = MATCHERS.load("efficient-loftr")(config)
    matches = matcher.match(*(matcher.extract(rgb) for rgb in enlarged))
    assert matches.tentative > 0
    assert len(matches.xy_a) == len(matches.xy_b) <= matches.tentative


def test_every_registered_name_is_built_by_a_test():
    assert set(DETECTORS.names()) == {"simulator", "grounding-dino", "owlv2", "mask2former"}
    assert set(ENCODERS.names()) == {"clip", "siglip"}
    assert set(MATCHERS.names()) == {"sift", "lightglue", "efficient-loftr"}
    with pytest.raises(UnknownNameError, match="Did you mean 'owlv2'"):
        DETECTORS.load("owl2")


def test_wrong_sources_say_what_to_do(folder_of, tmp_path):
    with pytest.raises(ModelError, match="no model folder"):
        ENCODERS.load("clip")(EncoderConfig(str(tmp_path / "none"), runtime=RUNTIME))
    with pytest.raises(ModelError, match=r"config\.json.*download"):
        ENCODERS.load("clip")(EncoderConfig("no-such/model", runtime=RUNTIME))
    with pytest.raises(ModelError, match="'siglip' model; allowed here: clip"):
        ENCODERS.load("clip")(EncoderConfig(folder_of("siglip"), runtime=RUNTIME))
    with pytest.raises(ModelError, match="'owlv2' model"):
        DETECTORS.load("mask2former")(SegmenterConfig(folder_of("owlv2"), runtime=RUNTIME))


@pytest.mark.parametrize(
    "file", ["config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json"]
)
@pytest.mark.parametrize("damage", ["missing", "garbage"])
def test_a_damaged_folder_is_a_model_error(tmp_path, file, damage):
    pytest.importorskip("transformers")
    tiny_models.clip(tmp_path)
    if damage == "garbage":
        (tmp_path / file).write_bytes(b"\x00garbage")
    else:
        (tmp_path / file).unlink()
        for other in ("processor_config.json", "vocab.json", "merges.txt"):
            (tmp_path / other).unlink(missing_ok=True)
    with pytest.raises(ModelError, match=r"cannot load .*(check|lack)"):
        ENCODERS.load("clip")(EncoderConfig(str(tmp_path), runtime=RUNTIME))


def test_missing_tensors_are_an_error_not_random_weights(folder_of, tmp_path):
    from safetensors.numpy import load_file, save_file

    tiny_models.clip(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    tensors.pop("visual_projection.weight")
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lack 1 tensors.*visual_projection"):
        load_model(str(tmp_path), "AutoModel", ("clip",), RUNTIME)


def test_pickled_weights_are_refused(tmp_path):
    torch = pytest.importorskip("torch")
    tiny_models.clip(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelError, match="safetensors"):
        load_model(str(tmp_path), "AutoModel", ("clip",), RUNTIME)


def test_an_unknown_device_is_a_model_error():
    pytest.importorskip("torch")
    with pytest.raises(ModelError, match="'auto' or 'cpu'"):
        make_runtime(RuntimeConfig(device="quantum"))


def test_threads_are_restored_after_a_call():
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    with make_runtime(RuntimeConfig(device="cpu", threads=before + 1)).inference():
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_without_torch_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def absent(name: str, *args: object, **kwargs: object) -> object:
        if name.split(".", maxsplit=1)[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return real(name, *args, **kwargs)

    monkeypatch.setattr("importlib.import_module", absent)
    with pytest.raises(MissingExtraError, match=r"goat-stack\[perception\]"):
        make_runtime(RuntimeConfig())


def test_a_missing_segmenter_is_an_error_unless_boxes_may_stand_in():
    with pytest.raises(ConfigError, match="fill_boxes"):
        OpenVocabularyConfig(vocabulary=("chair",), finder="x")
    with pytest.raises(ConfigError, match="vocabulary is empty"):
        OpenVocabularyConfig(vocabulary=(" ",), finder="x", fill_boxes=True)


class FixedFinder:
    """Gives the same boxes for every image."""

    def find(self, rgb, vocabulary) -> Boxes:
        del rgb, vocabulary
        corners = [[4, 4, 24, 24], [5, 4, 25, 24], [4, 5, 24, 25], [40, 10, 90, 30], [0, 0, 0, 9]]
        return Boxes(
            np.array(corners, np.float32),
            np.array([0.6, 0.9, 0.8, 0.7, 0.95], np.float32),
            np.array([0, 0, 1, 0, 1]),
        )


def test_repeated_boxes_are_one_detection_and_boxes_are_clipped_to_the_image():
    config = OpenVocabularyConfig(("chair", "sofa"), "x", fill_boxes=True, min_pixels=1)
    detector = OpenVocabularyDetector(FixedFinder(), BoxFiller(), config)
    found = detector.detect(observe(tiny_models.picture()))
    assert [(d.label, d.box.tolist()) for d in found] == [
        ("chair", [5, 4, 25, 24]),
        ("chair", [40, 10, 64, 30]),
    ]


def test_suppression_tells_labels_apart():
    boxes = FixedFinder().find(None, None)[np.arange(3)]
    assert overlaps(boxes.corners)[0, 1] == pytest.approx(380 / 420)
    assert suppress(boxes, 0.5, 0.95).tolist() == [1, 2]
    assert suppress(boxes, 0.5, 0.5).tolist() == [1]
    empty = boxes[np.zeros(3, bool)]
    assert suppress(empty, 0.5, 0.5).tolist() == []


def test_importing_perception_loads_no_heavy_package():
    import subprocess

    code = (
        "import sys, goat.perception, goat.perception.catalog, goat.perception.worker, "
        "goat.perception.keypoints, goat.perception.attributes;"
        "print([m for m in ('torch', 'transformers', 'mujoco') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.replace("'", '"')) == []
