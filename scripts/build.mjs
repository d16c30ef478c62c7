import { bundle } from "./bundle.mjs";

const { files, bytes } = await bundle({ prune: true });
console.error(`dist: ${files} files, ${Math.round(bytes / 1024)} kB`);
