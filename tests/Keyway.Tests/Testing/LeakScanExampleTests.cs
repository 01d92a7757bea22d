using Keyway.Messaging;

namespace Keyway.Testing;

/// <summary>What docs/trust.md shows to those who look for leaks in tests of their own.</summary>
public sealed class LeakScanExampleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-leaks-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("nothing of interest", false)]
    [InlineData("the service said s3cret-t0ken-of-mine", true)]
    public void Example_finds_what_is_left_behind_and_nothing_else(string left, bool leaks)
    {
        File.WriteAllText(Path.Combine(_folder, "left.txt"), left);
        Action look = () => Look([.. Enumerable.Range(100, 16).Select(static i => (byte)i)], "s3cret-t0ken-of-mine", _folder);
        if (leaks) look.Should().Throw<LeakException>().Which.Message.Should().Contain("token");
        else look.Should().NotThrow();
    }

    private static void Look(byte[] key, string token, string folder)
    {
        using MirrorBus events = new(new InProcessBus());
        (MirrorBus Events, int _) host = (events, 0);
        LeakScan scan = new();
        scan.Plant("content key", key);
        scan.Plant("token", token);
        using (LeakRecorder recorder = new(scan))
        {
            // AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(recorder)), then a whole run
            recorder.Listen(host.Events);
        }

        scan.AddFolder("files left behind", folder);
        scan.Check();   // throws, and names secret, form and place
    }
}
