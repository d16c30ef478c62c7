import type { ArtifactPath } from "./artifact-path.ts";
import type { Sha256 } from "./digest.ts";

/** One file of a version, as its manifest describes it. */
export interface Artifact {
  readonly path: ArtifactPath;
  /** `model` unless said otherwise; `[a-z][a-z0-9-]*`. */
  readonly role: string;
  /** From the path's last extension by the table below, never from content (DETAILS 9). */
  readonly format: string;
  readonly sha256: Sha256;
  /** Bytes. */
  readonly size: number;
}

export const ROLE_PATTERN = /^[a-z][a-z0-9-]*$/;
export const DEFAULT_ROLE = "model";

const FORMATS: Readonly<Record<string, string>> = {
  bin: "binary",
  cbm: "catboost",
  ckpt: "checkpoint",
  csv: "csv",
  gguf: "gguf",
  h5: "hdf5",
  hdf5: "hdf5",
  joblib: "joblib",
  json: "json",
  keras: "keras",
  mlmodel: "coreml",
  npy: "numpy",
  npz: "numpy",
  onnx: "onnx",
  parquet: "parquet",
  pb: "protobuf",
  pickle: "pickle",
  pkl: "pickle",
  pmml: "pmml",
  pt: "torch",
  pth: "torch",
  safetensors: "safetensors",
  skops: "skops",
  tflite: "tflite",
  txt: "text",
  ubj: "xgboost",
  yaml: "yaml",
  yml: "yaml",
  zip: "zip",
};

/** The format that a path's lower-case last extension names; `binary` for none or an unknown one. */
export function formatOfPath(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  const extension = dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
  return Object.hasOwn(FORMATS, extension) ? (FORMATS[extension] ?? "binary") : "binary";
}

/** The table of extensions and formats itself, for docs/spec.md. */
export function knownFormats(): Readonly<Record<string, string>> {
  return FORMATS;
}
