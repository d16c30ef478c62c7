import { readFile } from "node:fs/promises";

/**
 * Prints `N passed, N failed, N skipped` from the report that vitest wrote with CI=true. Exit 1 when something
 * failed, was skipped, or never ran: in CI every oracle is installed, so a skip is a hole.
 */
const report = JSON.parse(await readFile(process.argv[2] ?? "coverage/tests.json", "utf8"));
const brokenFiles = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
const passed = report.numPassedTests;
const failed = report.numFailedTests + brokenFiles.length;
const skipped = report.numPendingTests + report.numTodoTests;
for (const file of brokenFiles) console.error(`${file.name}: did not run`);
if (skipped > 0) console.error("A test was skipped; in CI none may be.");
if (passed === 0) console.error("No test ran.");
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed + skipped === 0 && passed > 0 ? 0 : 1;
