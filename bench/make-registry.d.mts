export interface RegistrySize {
  readonly models: number;
  /** Versions of each model. */
  readonly versions: number;
  readonly bare?: boolean;
  /** Also the artifacts' bytes, in the repository's Git LFS store. */
  readonly bytes?: boolean;
}

export interface MadeRegistry {
  readonly models: readonly string[];
  readonly versions: number;
  readonly releases: number;
}

/** The registry.yaml of the registries that are made. */
export const POLICY: string;

/** Makes a registry of staging and production, each model released to them again and again. */
export function makeRegistry(directory: string, size: RegistrySize): Promise<MadeRegistry>;
