using Keyway.Cdm.Child;
using Keyway.Cdm.Conformance;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway.Cdm.Play;

/// <summary>The sample through a module that is not Clear Key's by its name: licences are got, a sink of the application's own reads, and nothing is written.</summary>
public sealed class SinkTests
{
    private static readonly string Source = Path.Combine(Corpus.Root, "samples", "cenc", "manifest.mpd");

    [Fact]
    public async Task A_module_s_samples_reach_a_sink_that_shows_them_and_no_file()
    {
        await using Sandbox sandbox = await Sandbox.StartAsync();
        using TemporaryFolder folder = new();
        string module = folder["module.txt"];
        await File.WriteAllTextAsync(module, "# what it does by itself\n", TestContext.Current.CancellationToken);
        CdmOptions options = new() { Module = module, ModuleKeySystem = "org.example.module", Systems = CdmConstants.Systems[CdmConstants.ClearKey] };
        await using CdmKeySystem system = new(options, LyingModule.Context(), new ChildProgram { Assembly = ChildUnderTest.FakeProgram });
        await using Film film = new(system);
        PresentationOptions licensed = new() { LicenseUrl = sandbox.ClearKey };

        Func<Task> write = async () => await film.WriteAsync(Source, licensed);
        KeyUnavailableException refused = (await write.Should().ThrowAsync<KeyUnavailableException>()).Which;
        (refused.Status, refused.Reason).Should().Be((KeyStatus.OutputRestricted, KeyUnavailableReason.RefusedByPolicy));
        Func<Task> read = async () => await film.ReadAsync(Source, licensed);
        await read.Should().ThrowAsync<KeyUnavailableException>("a caller that may hand samples on is an export too");

        // What `license` does.
        await using (Presentation presentation = await film.Engine.OpenAsync(Source, licensed with { Output = new OutputCapabilities { Kind = SinkKind.Render } }, TestContext.Current.CancellationToken))
            await presentation.AcquireAsync(TestContext.Current.CancellationToken);

        using RawMediaKeys held = FirstKeys();
        (await film.ReadAsync(Source, licensed with { Output = new OutputCapabilities { Kind = SinkKind.Render } }))
            .Should().Be(await film.ReadAsync(Source, new PresentationOptions { Keys = held }));
    }

    private static RawMediaKeys FirstKeys()
    {
        RawMediaKeys keys = new();
        foreach ((KeyId id, byte[] key) in SampleKeys.Read()) keys.Add(id, key);
        return keys;
    }
}
