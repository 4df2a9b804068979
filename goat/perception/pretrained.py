"""Loading pretrained models from a name or a folder, with errors that say what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goat.errors import ModelError
from goat.registry import require


@dataclass(frozen=True)
class RuntimeConfig:
    """Where and how a network runs."""

    device: str = "auto"
    """"auto" (a CUDA GPU if there is one, else the CPU) or a torch device name."""
    threads: int = 2
    """CPU threads of one call."""
    offline: bool = False
    """Never ask the hub; only folders and what was downloaded before."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A torch device and the threads to use on it."""

    device: Any
    """`torch.device`."""
    threads: int
    """CPU threads of one call."""

    @contextlib.contextmanager
    def inference(self) -> Iterator[None]:
        """Run without gradients on the given number of threads, restored afterwards."""
        torch = require("torch")
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            with torch.inference_mode():
                yield
        finally:
            torch.set_num_threads(before)


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A model ready to run, and its name."""

    source: str
    """Name or folder it came from."""
    model: Any
    """The network, in evaluation mode on its device, float32."""
    runtime: Runtime
    """Where it runs."""


def make_runtime(config: RuntimeConfig) -> Runtime:
    """Resolve the device.

    Raises:
        MissingExtraError: torch is not installed.
        ModelError: The device does not exist here.
    """
    torch = require("torch")
    wanted = config.device
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(wanted)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(
            f"cannot run on device {config.device!r}: {first_line(error)}; use 'auto' or 'cpu'"
        ) from error
    return Runtime(device, max(config.threads, 1))


def load_model(
    source: str, auto_class: str, allowed: Sequence[str], config: RuntimeConfig
) -> Pretrained:
    """Load a network and check that it is of a kind that is known here.

    Only safetensors are read, and a file that lacks some of the weights is an error.

    Args:
        source: Hub name or local folder.
        auto_class: Class of `transformers` that loads it ("AutoModel").
        allowed: Model types that can be used ("clip").
        config: Where it is to run.

    Raises:
        MissingExtraError: torch or transformers is not installed.
        ModelError: The source is missing, damaged or of another type.
    """
    runtime = make_runtime(config)
    transformers = require("transformers")
    _check_folder(source)
    settings = {"local_files_only": config.offline}
    with _explained(source, "config.json"):
        kind = transformers.AutoConfig.from_pretrained(source, **settings).model_type
    if kind not in allowed:
        raise ModelError(
            f"{source!r} holds a {kind!r} model; allowed here: {', '.join(allowed)}. "
            "Name another model or another kind of detector, encoder or matcher"
        )
    with _explained(source, "model.safetensors"):
        model, report = getattr(transformers, auto_class).from_pretrained(
            source, use_safetensors=True, output_loading_info=True, **settings
        )
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelError(
            f"the weights of {source!r} lack {len(missing)} tensors of a {kind!r} model "
            f"(first: {missing[0]}); download it again"
        )
    return Pretrained(source, model.float().eval().to(runtime.device), runtime)


def load_image_processor(source: str, config: RuntimeConfig) -> Any:
    """Load the image processor of a model, the one that needs PIL only.

    Raises:
        ModelError: The folder has no usable preprocessor_config.json.
    """
    transformers = require("transformers")
    with _explained(source, "preprocessor_config.json"):
        return transformers.AutoImageProcessor.from_pretrained(
            source, backend="pil", local_files_only=config.offline
        )


def load_tokenizer(source: str, config: RuntimeConfig) -> Any:
    """Load the tokenizer of a model.

    Raises:
        ModelError: The folder has no usable tokenizer.
    """
    transformers = require("transformers")
    with _explained(source, "tokenizer.json"):
        tokens = transformers.AutoTokenizer.from_pretrained(source, local_files_only=config.offline)
        if len(tokens.get_vocab()) <= len(set(tokens.all_special_tokens)):
            raise ValueError("it knows no words")  # made from nothing, without a complaint
        return tokens


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text, or its type if it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _check_folder(source: str) -> None:
    """Reject what is meant as a folder and is none.

    Raises:
        ModelError: `source` looks like a path and no folder is there.
    """
    path = Path(source).expanduser()
    is_path = path.is_absolute() or source.startswith((".", "~")) or source.count("/") > 1
    if not source or (is_path and not path.is_dir()):
        raise ModelError(
            f"no model folder {source!r}; give a folder that holds config.json, "
            "model.safetensors and the processor's files, or a name on the hub"
        )


@contextlib.contextmanager
def _explained(source: str, file: str) -> Iterator[None]:
    """Turn what `transformers` raises for bad files into a `ModelError`.

    The library raises many types for damaged files, hence the broad catch; it wraps single
    calls of the library only.
    """
    try:
        yield
    except Exception as error:
        where = f"{source!r} is a folder" if Path(source).is_dir() else f"{source!r} is no folder"
        raise ModelError(
            f"cannot load {file} of {source!r}: {first_line(error)}. {where} here; check that it "
            "is complete (config.json, model.safetensors, preprocessor_config.json and, for text, "
            "the tokenizer), or download it where there is a network"
        ) from error
