using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Conformance;

/// <summary>What a module cannot do once it runs, tried by one that tries, and looked up in what the kernel says of the process.</summary>
public sealed partial class SandboxTests
{
    private const string OnLinux = "the sandbox is Linux's: elsewhere the child says that it has none";

    [Theory]
    [InlineData("")]
    [InlineData("thread-join; ")]
    [InlineData("early; ")]
    public async Task Module_opens_no_file_reaches_nobody_and_starts_nothing_on_whatever_thread(string where)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), OnLinux);
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port, parent = Environment.ProcessId;
        string[] denied = ["open /etc/passwd", "create /tmp/keyway-should-not-be", "socket", $"connect {port}", "exec /bin/true", "fork", $"ptrace {parent}", $"kill {parent}", $"read-memory {parent}", "dumpable"];
        await using ChildUnderTest child = await ChildUnderTest.StartAsync(ChildUnderTest.FakeProgram);
        LoadedModule loaded = await child.LoadAsync(
            child.Script($"on CreateSession {where}{string.Join("; ", denied.Select(what => $"try {what}"))}; try thread; try collect; session"), sandboxRequired: true);
        loaded.Level.Should().BeOneOf(SandboxLevel.Full, SandboxLevel.Partial);
        await child.InitializeAsync();
        await child.CreateSessionAsync();

        string[] tried = [.. child.Log.Where(line => line.StartsWith("try ", StringComparison.Ordinal))];
        tried[..denied.Length].Should().Equal(denied.Select(what => $"try {what.Split(' ')[0]} denied 1"));
        tried[denied.Length..].Should().Equal("try thread SUCCEEDED", "try collect SUCCEEDED");
        listener.Pending().Should().BeFalse();
        File.Exists("/tmp/keyway-should-not-be").Should().BeFalse();
    }

    [Fact]
    public async Task Constructors_of_a_library_can_open_files_and_nothing_else()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), OnLinux);
        await using ChildUnderTest child = await ChildUnderTest.FakeAsync(
            "on Loading try open /etc/passwd; try socket; try exec /bin/true; try fork; try dumpable", "on VerifyHost try open /etc/passwd", "on InitializeModule try open /etc/passwd", "on CreateInstance try open /etc/passwd");
        child.Log.Where(line => line.StartsWith("try ", StringComparison.Ordinal)).Should().Equal(
        [
            "try open SUCCEEDED", "try socket denied 1", "try exec denied 1", "try fork denied 1", "try dumpable denied 1",
            "try open denied 1", "try open denied 1", "try open denied 1",
        ]);
    }

    [Fact]
    public async Task Kernel_says_of_every_thread_that_it_is_shut_in_and_of_the_process_that_it_leaves_no_dump()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), OnLinux);
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync();
        string[] threads = Directory.GetDirectories($"/proc/{child.Process.Id}/task");
        threads.Length.Should().BeGreaterThan(3);
        foreach (string[] status in threads.Select(thread => File.ReadAllLines(Path.Combine(thread, "status"))))
            status.Should().Contain("NoNewPrivs:\t1").And.Contain("Seccomp:\t2");
        if (Environment.UserName != "root") Reading($"/proc/{child.Process.Id}/fd").Should().Throw<UnauthorizedAccessException>("its own user may not look into it");
        File.ReadAllLines($"/proc/{child.Process.Id}/limits").Should().ContainSingle(line => line.StartsWith("Max core file size", StringComparison.Ordinal)).Which.Should().MatchRegex(@"size\s+0\s+0\s");
    }

    [Fact]
    public async Task What_a_parent_leaves_open_by_accident_is_closed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), OnLinux);
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["secret"], "secret");
        int descriptor = Open(folder["secret"], 0);   // without O_CLOEXEC
        descriptor.Should().BeGreaterThan(2);
        try
        {
            await using ChildUnderTest child = await ChildUnderTest.FakeAsync("on Loading try descriptors");
            string[] descriptors = [.. child.Log.Where(line => line.StartsWith("descriptor ", StringComparison.Ordinal))];
            descriptors.Should().NotContain(line => line.EndsWith("secret", StringComparison.Ordinal));
            descriptors.Should().Contain(line => line.EndsWith("arena", StringComparison.Ordinal), "what was meant is there");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [Fact]
    public async Task Child_without_parent_or_with_wrong_arguments_ends_with_a_sentence()
    {
        foreach (string[] arguments in (string[][])[[], ["x"], ["no-such-pipe", "no-such-arena"], ["no-such-pipe", "fd:x"], ["a", "b", "c"]])
        {
            ProcessStartInfo info = new(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"), ["exec", ChildUnderTest.RealProgram, .. arguments]) { RedirectStandardError = true };
            using Process process = Process.Start(info)!;
            string text = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            process.ExitCode.Should().BeOneOf(2, 3);
            text.Trim().Split('\n').Should().ContainSingle().Which.Should().NotBeEmpty();
        }
    }

    private static Action Reading(string folder) => () => Directory.GetFiles(folder);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
