"""Sound as spectrograms."""

from __future__ import annotations

from archcalc.frameworks.converters import every_field
from archcalc.frameworks.record import Absent, Entry, Record, same_tensors
from archcalc.layers.spectrogram import MelSpectrogram, STFTSpectrogram

__all__ = ["RECORDS"]

_NO_SOUND = Absent("torch has a function, torch.stft", hint="torchaudio has modules")

RECORDS = (
    Record(MelSpectrogram, keras=Entry(arguments=every_field(MelSpectrogram)), torch=_NO_SOUND),
    Record(
        STFTSpectrogram,
        keras=Entry(
            arguments=every_field(STFTSpectrogram),
            tensors=same_tensors("real_kernel", "imag_kernel"),
        ),
        torch=_NO_SOUND,
    ),
)
