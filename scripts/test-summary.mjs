import { readFile } from "node:fs/promises";

/**
 * Prints `N passed, N failed, N skipped` over the reports that vitest wrote with CI=true. Exit 1 when something failed,
 * was skipped, or never ran: in CI every oracle is installed, so a skip is a hole.
 */
const files = process.argv.slice(2);
const sum = { passed: 0, failed: 0, skipped: 0 };
for (const file of files) {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) {
    console.error(`${file}: these tests did not run`);
    process.exitCode = 1;
    continue;
  }
  const report = JSON.parse(text);
  const broken = report.testResults.filter((one) => one.status === "failed" && one.assertionResults.length === 0);
  for (const one of broken) console.error(`${one.name}: did not run`);
  sum.passed += report.numPassedTests;
  sum.failed += report.numFailedTests + broken.length;
  sum.skipped += report.numPendingTests + report.numTodoTests;
}
if (sum.skipped > 0) console.error("A test was skipped; in CI none may be.");
if (sum.passed === 0) console.error("No test ran.");
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
if (sum.failed + sum.skipped > 0 || sum.passed === 0) process.exitCode = 1;
