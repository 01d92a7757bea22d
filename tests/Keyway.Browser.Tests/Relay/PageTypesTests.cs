using System.Diagnostics;
using Keyway.Browser.Chromium;
using Keyway.Testing;

namespace Keyway.Browser.Relay;

/// <summary>The scripts of the page of <c>keyway serve</c>, as a compiler reads them: names, types of what the modules hand each other, nothing that may be absent used as if it were there.</summary>
public sealed class PageTypesTests
{
    [Fact]
    public async Task Every_script_has_right_types()
    {
        string compiler = Prerequisite.Player("typescript/bin/tsc"), node = Prerequisite.Program("node", "nodejs", isNeeded: true);
        ProcessStartInfo start = new(node) { ArgumentList = { compiler, "-p", Path.Combine(Corpus.Root, "hosts", "relay", "tsconfig.json") }, RedirectStandardOutput = true, RedirectStandardError = true };

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        (output + await errors).Should().BeEmpty();
        process.ExitCode.Should().Be(0);
    }

    [Fact]
    public void Every_script_is_checked_and_nothing_comes_from_elsewhere()
    {
        string folder = Path.Combine(Corpus.Root, "hosts", "relay", "Page");
        string[] scripts = Directory.GetFiles(folder, "*.js");

        scripts.Should().HaveCountGreaterThan(15);
        foreach (string script in scripts)
        {
            string text = File.ReadAllText(script), name = Path.GetFileName(script);
            text.Should().StartWith("// @ts-check\n", name);
            text.Should().NotContainAny(["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"], "{0}: what others wrote is text", name);
        }

        foreach (string file in Directory.GetFiles(folder)) File.ReadAllText(file).Should().NotMatchRegex("(src|href|from|import|url)[ =(\"']+https?:", Path.GetFileName(file));
    }
}
