"""The same for `git model pull tumor-onnx@production --link current-onnx`; needs onnxruntime and numpy only.

    python predict_onnx.py current-onnx
"""

import csv
import os
import sys
from pathlib import Path

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession(Path(os.path.realpath(sys.argv[1])) / "model.onnx")

with open(Path(__file__).parent / "holdouts" / "tumor-2.csv", newline="") as file:
    rows = np.array(list(csv.reader(file))[1:6], dtype=np.float32)
[probabilities] = session.run(["probabilities"], {"X": rows[:, :30]})
for row, probability in zip(rows, probabilities[:, 1]):
    print(f"malignant {probability:.4f}   truly {'malignant' if row[30] else 'benign'}")
