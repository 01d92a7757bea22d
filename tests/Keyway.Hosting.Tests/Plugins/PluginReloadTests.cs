using System.Runtime.CompilerServices;
using System.Text;
using Keyway.Messaging;
using Keyway.Testing;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Plugins;

/// <summary>A plugin is replaced while it is in use: its files are overwritten as an operator does it, and a new version serves beside the old.</summary>
public sealed class PluginReloadTests : IAsyncDisposable
{
    private readonly PluginFolder _plugins = new();
    private readonly LoopbackServer _server = new(static _ => new LoopbackServer.Answer(200, "text/plain", "licence"u8.ToArray()));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _plugins.Dispose();
    }

    [Fact]
    public async Task Files_that_are_written_over_while_a_plugin_runs_change_nothing_that_runs()
    {
        string folder = _plugins.Drop("versioned");
        await using KeywayHost host = Host();
        await using Presentation before = await OpenAsync(host);
        Overwrite(folder, new byte[1_000_000]);
        await using Presentation after = await OpenAsync(host);
        Directory.Delete(folder, recursive: true);
        await using Presentation gone = await OpenAsync(host);
        Versions.Should().Equal("first", "first", "first");
    }

    [Fact]
    public async Task New_version_serves_new_presentations_and_the_old_one_leaves_with_its_last()
    {
        string folder = _plugins.Drop("versioned");
        await using KeywayHost host = Host();
        List<PluginUnloaded> left = [];
        using IDisposable ear = host.Events.Subscriber<PluginUnloaded>().Subscribe(left.Add);
        WeakReference code = await UseBothAsync(host, folder);

        await Eventually.Is(() => host.Plugins.Any(static plugin => plugin is { Generation: 1, State: PluginState.Unloaded, Collected: not null }));
        host.Plugins.Should().Contain(static plugin => plugin.Generation == 1 && plugin.Collected == true);
        code.IsAlive.Should().BeFalse();
        await Eventually.Is(() => left.Count == 1);
        left.Should().Equal(new PluginUnloaded { PluginId = "versioned", Collected = true });
        await using Presentation last = await OpenAsync(host);
        Versions.Should().Equal("first", "second", "second");
    }

    [Theory]
    [InlineData("cannot-be-made", "key system 'versioned': its plugin 'versioned' failed to make it: System.InvalidOperationException: the second version cannot be made")]
    [InlineData("does-not-start", "key system 'versioned' does not start: the key system 'versioned' failed to start: System.InvalidOperationException: the second version does not start")]
    [InlineData("hangs", "its Configure has not come back after 1 s*")]
    [InlineData("no assembly", "no assembly of the folder carries*")]
    public async Task Bad_version_never_replaces_a_good_one(string fault, string reason)
    {
        string folder = _plugins.Drop("versioned");
        await using KeywayHost host = Host(
            ("Plugins:PatienceSeconds", "1"), ("Plugins:Allow:versioned:Second", fault), ("KeySystems:versioned:Settings:Second", fault));
        await using Presentation before = await OpenAsync(host);
        if (fault == "no assembly") Overwrite(folder, "neither code nor data"u8.ToArray());
        else Overwrite(folder, Second());

        PluginReload result = (await host.ReloadPluginsAsync(Cancel)).Should().ContainSingle().Subject;
        (result.Id, result.Generation).Should().Be(("versioned", 1));
        result.Problem!.Reason.Should().Match(reason);
        host.Plugins.Should().ContainSingle(static plugin => plugin.State == PluginState.Loaded).Which.Generation.Should().Be(1);
        host.Plugins.Should().ContainSingle(static plugin => plugin.State == PluginState.Refused).Which.Problem.Should().Be(result.Problem);
        await using Presentation after = await OpenAsync(host);
        Versions.Should().Equal("first", "first");

        // A version that is put right is taken.
        if (fault != "no assembly") return;
        Overwrite(folder, Second());
        (await host.ReloadPluginsAsync(Cancel)).Should().Equal(new PluginReload("versioned", 2, null));
        host.Plugins.Should().NotContain(static plugin => plugin.State == PluginState.Refused);
        await using Presentation last = await OpenAsync(host);
        Versions.Should().Equal("first", "first", "second");
    }

    [Fact]
    public async Task Nothing_happens_where_nothing_has_changed_and_what_is_new_is_taken()
    {
        _plugins.Drop("versioned");
        await using KeywayHost host = Host(("Plugins:Allow:rules:Required", "false"), ("Plugins:Allow:good:Disabled", "false"), ("KeySystems:good:Plugin", "good"));
        await host.StartAsync(Cancel);
        (await host.ReloadPluginsAsync(Cancel)).Should().BeEmpty();
        host.KeySystems.Single(static system => system.Name == "good").KeySystem.Should().BeNull();

        _plugins.Drop("good");
        (await host.ReloadPluginsAsync(Cancel)).Should().Equal(new PluginReload("good", 1, null));
        host.KeySystems.Single(static system => system.Name == "good").KeySystem.Should().NotBeNull();
        await using Presentation presentation = await OpenAsync(host);
        Versions.Should().Equal("first");
    }

    [Fact]
    public async Task Pin_holds_for_a_new_version_too()
    {
        string folder = _plugins.Drop("versioned");
        await using KeywayHost host = Host(("Plugins:Allow:versioned:Pin", PluginPin.Compute(folder)));
        await host.StartAsync(Cancel);
        Overwrite(folder, Second());
        (await host.ReloadPluginsAsync(Cancel)).Should().ContainSingle().Which.Problem!.Fault.Should().Be(PluginFault.PinMismatch);
        await using Presentation presentation = await OpenAsync(host);
        Versions.Should().Equal("first");
    }

    [Fact]
    public async Task Plugins_that_nobody_will_ask_for_are_not_loaded()
    {
        _plugins.Drop("versioned");
        _plugins.Drop("throws-in-constructor");
        await using KeywayHost host = Host(
            new KeywayHostOptions { KeySystem = "versioned" }, ("Plugins:Allow:throws-in-constructor:Required", "false"), ("KeySystems:throws-in-constructor:Priority", "1"));
        await using Presentation presentation = await OpenAsync(host);
        host.Plugins.Select(static plugin => (plugin.Id, plugin.State)).Should().BeEquivalentTo([("throws-in-constructor", PluginState.NotNeeded), ("versioned", PluginState.Loaded)]);
        presentation.Facts.KeySystem.Others.Should().OnlyContain(static other => other.Reason == "'versioned' was asked for");
    }

    [Fact]
    public void Copies_that_a_killed_process_left_are_removed_and_those_that_are_held_are_not()
    {
        string abandoned = Directory.CreateTempSubdirectory("keyway-plugins-").FullName;
        File.WriteAllText(Path.Combine(abandoned, ".lock"), "");
        string held = Directory.CreateTempSubdirectory("keyway-plugins-").FullName;
        using FileStream holder = new(Path.Combine(held, ".lock"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        string young = Directory.CreateTempSubdirectory("keyway-plugins-").FullName;
        PluginCopies.RemoveAbandoned();
        (Directory.Exists(abandoned), Directory.Exists(held), Directory.Exists(young)).Should().Be((false, true, true));
        holder.Dispose();
        Directory.Delete(held, recursive: true);
        Directory.Delete(young);
    }

    private string[] Versions => [.. _server.Requests.Select(static request => Encoding.UTF8.GetString(request.Body))];

    // In a method of its own, so that no frame of the test holds what the plugin made.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> UseBothAsync(KeywayHost host, string folder)
    {
        Presentation first = await OpenAsync(host);
        WeakReference code = new(first.Facts.KeySystem.Chosen!.KeySystem!.GetType().Assembly);
        Overwrite(folder, Second());
        (await host.ReloadPluginsAsync(Cancel)).Should().Equal(new PluginReload("versioned", 2, null));
        host.Plugins.Select(static plugin => (plugin.Generation, plugin.State)).Should().Equal((1, PluginState.Retiring), (2, PluginState.Loaded));
        await using (await OpenAsync(host)) code.IsAlive.Should().BeTrue("a presentation that began with it is open");
        host.Sessions.Should().NotBeEmpty();
        await first.DisposeAsync();
        return code;
    }

    /// <summary>As cp does it: the same file, another content.</summary>
    private static void Overwrite(string folder, byte[] content)
    {
        using FileStream file = new(Path.Combine(folder, "Zoo.Versioned.dll"), FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite);
        file.Write(content);
    }

    private byte[] Second()
    {
        string folder = _plugins.Drop("versioned-second", "elsewhere/second");
        byte[] second = File.ReadAllBytes(Path.Combine(folder, "Zoo.Versioned.dll"));
        Directory.Delete(Path.Combine(_plugins.Path, "elsewhere"), recursive: true);
        return second;
    }

    private async Task<Presentation> OpenAsync(KeywayHost host)
    {
        Presentation presentation = await host.OpenAsync(SampleContent.Manifest, new PresentationOptions { LicenseUrl = _server.Address, KeySystem = "versioned" }, Cancel);
        await presentation.AcquireAsync(Cancel);
        return presentation;
    }

    private KeywayHost Host(params (string Key, string Value)[] settings) => Host(new KeywayHostOptions(), settings);

    private KeywayHost Host(KeywayHostOptions options, params (string Key, string Value)[] settings) => new(
        new ConfigurationBuilder().AddInMemoryCollection(
            [
                .. new (string Key, string Value)[]
                {
                    ("Plugins:Directory", _plugins.Path), ("Plugins:Unloadable", "true"), ("Plugins:Allow:versioned:Required", "true"), ("KeySystems:versioned:Priority", "5"),
                }.Concat(settings).Select(static setting => KeyValuePair.Create($"Keyway:{setting.Key}", (string?)setting.Value)),
            ]).Build().GetSection("Keyway"), options);
}
