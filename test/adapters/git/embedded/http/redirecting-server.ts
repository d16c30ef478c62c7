import { createServer, request as forward } from "node:http";
import { onTestFinished } from "vitest";

/**
 * Redirects `/old.git` to the repository at the address: `within`, by passing everything else on itself, so that it
 * seems to be the same server; or `elsewhere`, to the other server.
 */
export async function startRedirect(
  target: string,
  kind: "within" | "elsewhere",
): Promise<{ readonly url: string; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const there = new URL(target);
  const server = createServer((request, response) => {
    lines.push(`${request.method} ${request.url}`);
    if (request.url?.startsWith("/old.git")) {
      const path = request.url.replace("/old.git", there.pathname);
      response.writeHead(302, { location: kind === "within" ? path : `${there.origin}${path}` }).end();
      return;
    }
    const passed = forward(new URL(request.url ?? "/", there), { method: request.method, headers: request.headers });
    passed.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/old.git`, lines };
}
