"""Sound as images: the strength of each frequency in each moment.

Source: https://keras.io/api/layers/preprocessing_layers/audio_preprocessing/
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.facts import Weight, Work
from archcalc.layers.fields import OptionalSize, Size, hyper
from archcalc.layers.spatial import DataFormat, Spatial
from archcalc.layers.window import Window
from archcalc.symbolic.dims import Dim, as_dim
from archcalc.symbolic.division import floor_div
from archcalc.symbolic.errors import ArchcalcError, InvalidLayerError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["MelSpectrogram", "STFTSpectrogram"]

_WINDOWS = Literal["hann", "hamming"]


def _at_least(left: Dim, right: Dim, message: str, hint: str = "") -> Requirement:
    return Requirement(
        left,
        Relation.AT_LEAST,
        right,
        message,
        code="spectrogram-does-not-fit",
        hint=hint,
        details=(("left", left), ("right", right)),
    )


class MelSpectrogram(Layer):
    """The strength of pitches as people hear them, ``(t,)`` to ``(mel bins, frames)``.

    There is a frame at every `sequence_stride` samples, the first at the beginning; half of each of
    the outermost frames is the sound mirrored.  Of the work only the product with the mel matrix is
    counted: the Fourier transform before it is a fast one.

    Keras 3.15 promises one frame more where the samples and one more are a multiple of the stride,
    and sometimes one less or more where `fft_length` is odd; this is what it gives.

    Args:
        fft_length: how many samples are transformed at a time.
        sequence_stride: how many samples lie between frames.
        sequence_length: how many samples the window covers; as many as are transformed where
            ``None``.
        window: which window; ``None`` for none.
        sampling_rate: samples a second.
        num_mel_bins: how many pitches.
        min_freq, max_freq: the lowest and the highest pitch.
        power_to_db: whether strengths are given in decibels.
        top_db: by how many decibels the weakest may be below the strongest.
        mag_exp: the power of the strength.
        min_power, ref_power: the least power, and that of 0 decibels.

    >>> MelSpectrogram(2048, 256, num_mel_bins=64).output_shape(Shape((16000,)))
    (64, 63)
    """

    fft_length: Size = hyper("n_fft", default=2048, counts="")
    sequence_stride: Size = hyper("s", default=512, counts="")
    sequence_length: OptionalSize = hyper("k", default=None, counts="")
    window: _WINDOWS | None = "hann"
    sampling_rate: int = Field(default=16000, ge=1)
    num_mel_bins: Size = hyper("m", default=128)
    min_freq: float = 20.0
    max_freq: float | None = None
    power_to_db: bool = True
    top_db: float = 80.0
    mag_exp: float = 2.0
    min_power: float = 1e-10
    ref_power: float = 1.0

    axis_names: ClassVar[tuple[str, ...]] = ("t",)
    source: ClassVar[str] = (
        "https://keras.io/api/layers/preprocessing_layers/audio_preprocessing/mel_spectrogram/"
    )

    not_counted: ClassVar[str] = (
        "how many operations a fast Fourier transform takes depends on the library; the product "
        "with the filters is counted"
    )

    def _frames(self, t: Dim) -> Dim:
        mirrored = 2 * floor_div(self.fft_length, 2)
        return floor_div(t + mirrored - self.fft_length, self.sequence_stride) + 1

    def output_shape(self, x: Shape) -> Shape:
        return Shape((self.num_mel_bins, self._frames(x[0])))

    def windows(self, x: Shape) -> None:
        return None

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        frequencies = floor_div(self.fft_length, 2) + 1
        return (Work("matmul", (frequencies, self.num_mel_bins), (y[1],)),)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        enough = _at_least(
            x[0],
            floor_div(self.fft_length, 2) + 1,
            "{left} samples are not enough to be mirrored (it needs at least {right})",
            "use a smaller fft_length",
        )
        if self.sequence_length is None:
            return (enough,)
        return (enough, _covered(self.fft_length, self.sequence_length, "sequence_length"))


def _covered(fft_length: Dim, window: Dim, name: str) -> Requirement:
    return _at_least(
        fft_length,
        window,
        f"fft_length {{left}} is smaller than {name} {{right}}",
        f"use fft_length of at least {name}",
    )


class STFTSpectrogram(Spatial):
    """The strength of each frequency, by convolutions with the waves themselves.

    The waves are kernels, learned unless ``trainable=False``: ``real_kernel`` of cosines and
    ``imag_kernel`` of sines, the same for every channel.

    Args:
        mode: what is given: ``"real"`` and ``"imag"`` need one of the kernels, ``"stft"`` is both
            one after the other, the others are one number of the two.
        frame_length: how many samples the kernels cover.
        frame_step: how many samples lie between frames; half a frame where ``None``.
        fft_length: twice the frequencies less one; where ``None``, the least power of two that is
            not below `frame_length`.
        window: which window; ``None`` for none.
        periodic: whether the window goes on where it began.
        scaling: how the window is scaled; it changes no shape.
        padding: ``"valid"``, or ``"same"``, which keeps the length but for the step.
        expand_dims: whether frequencies and channels are axes of their own.
        data_format: whether the channels are the last axis or the first.

    >>> STFTSpectrogram("log", 256, 128, 512).output_shape(Shape((160000, 1)))
    (1249, 257)
    >>> [(w.name, w.shape) for w in STFTSpectrogram().weights(Shape((160000, 1)))]
    [('real_kernel', (256, 1, 129)), ('imag_kernel', (256, 1, 129))]
    """

    mode: Literal["log", "magnitude", "psd", "real", "imag", "angle", "stft"] = "log"
    frame_length: Size = hyper("k", default=256, counts="")
    frame_step: OptionalSize = hyper("s", default=None, counts="")
    fft_length: OptionalSize = hyper("n_fft", default=None, counts="")
    window: _WINDOWS | None = "hann"
    periodic: bool = False
    scaling: Literal["density", "spectrum"] | None = "density"
    padding: Literal["valid", "same"] = "valid"
    expand_dims: bool = False
    data_format: DataFormat = "channels_last"

    rank: ClassVar[int] = 1
    source: ClassVar[str] = (
        "https://keras.io/api/layers/preprocessing_layers/audio_preprocessing/stft_spectrogram/"
    )

    not_counted: ClassVar[str] = (
        "what makes one number of two, and how windows are weighed, is not stated; convolutions "
        "are counted"
    )

    @model_validator(mode="before")
    @classmethod
    def _power_of_two(cls, given: Any) -> Any:
        """Works out `fft_length`, which no formula in `frame_length` could say."""
        if not isinstance(given, dict) or given.get("fft_length") is not None:
            return given
        try:
            length = as_dim(given.get("frame_length", cls.model_fields["frame_length"].default))
        except ArchcalcError:
            return given
        if not isinstance(length, int):
            raise InvalidLayerError(
                "the least power of two not below frame_length is no formula in it",
                code="missing-argument",
                hint="give fft_length as well",
            )
        return {**given, "fft_length": 1 << (length - 1).bit_length()}

    def _step(self) -> Dim:
        return floor_div(self.frame_length, 2) if self.frame_step is None else self.frame_step

    def _transformed(self) -> Dim:
        """How many samples are transformed at a time."""
        return self.frame_length if self.fft_length is None else self.fft_length

    def _kernels(self) -> tuple[str, ...]:
        only = {"real": ("real_kernel",), "imag": ("imag_kernel",)}
        return only.get(self.mode, ("real_kernel", "imag_kernel"))

    def _kernel(self) -> Shape:
        return Shape((self.frame_length, 1, floor_div(self._transformed(), 2) + 1))

    def _window(self) -> Window:
        return Window(self.frame_length, self._step(), padding=self.padding)

    def output_shape(self, x: Shape) -> Shape:
        (frames,) = map(self._window().output, self.extent(x))
        bins = self._kernel()[-1] * (2 if self.mode == "stft" else 1)
        channels = self.channels(x)
        if not self.expand_dims:
            return self.shaped((frames,), bins * channels)
        return Shape((channels, frames, bins) if self.first() else (frames, bins, channels))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return tuple(Weight(name, self._kernel(), "kernel") for name in self._kernels())

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        frames = y[1] if self.first() else y[0]
        length, _, bins = self._kernel()
        places = (self.channels(x), frames)
        names = self._kernels()
        return tuple(Work("convolution", (length, bins), places, name) for name in names)

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return ()

    def windows(self, x: Shape) -> tuple[AxisWindow, ...]:
        return tuple((axis, self._window()) for axis in self.spatial_axes())

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        step = self._step()
        own = (
            _at_least(step, 1, "frames of {left} samples cannot move", "use a longer frame"),
            _at_least(
                self.frame_length, step, "frame_step {right} is larger than frame_length {left}"
            ),
            _covered(self._transformed(), self.frame_length, "frame_length"),
            _at_least(self._transformed(), 2, "a transform of {left} sample has no frequencies"),
        )
        return (*own, *super().requirements(x))
