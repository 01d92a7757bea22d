using Keyway.Licensing;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Plugins;

/// <summary>A plugin that throws, hangs or returns nothing, in each place where it is called: who and where is said, and no secret of its text.</summary>
public sealed class PluginFaultTests : IDisposable
{
    private readonly PluginFolder _plugins = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _plugins.Dispose();

    [Theory]
    [InlineData("configure-throws", "Configure threw System.InvalidOperationException: the zoo fails in configure with SECRET=*** and ***")]
    [InlineData("configure-blocks", "its Configure has not come back after 1 s")]
    [InlineData("create-throws", "its plugin 'faulty' failed to make it: System.InvalidOperationException: the zoo fails in create with SECRET=*** and ***")]
    [InlineData("create-blocks", "its plugin 'faulty' has not made it after 1 s")]
    [InlineData("create-null", "its plugin 'faulty' made none: the factory returned null")]
    [InlineData("descriptor-throws", "its plugin 'faulty' failed to make it: System.InvalidOperationException: the zoo fails in descriptor with SECRET=*** and ***")]
    [InlineData("descriptor-null", "its plugin 'faulty' does not describe it: Descriptor is null")]
    [InlineData("start-throws", "the key system 'faulty' failed to start: System.InvalidOperationException: the zoo fails in start with SECRET=*** and ***")]
    [InlineData("start-hangs", "the key system 'faulty' has not started after 1 s")]
    [InlineData("start-blocks", "the key system 'faulty' has not started after 1 s")]
    [InlineData("parse-throws", "the key system failed: System.InvalidOperationException: the zoo fails in parse with SECRET=*** and ***")]
    [InlineData("parse-blocks", "the key system 'faulty' has not come back from reading a header after 1 s")]
    [InlineData("open-throws", "the key system 'faulty' failed in opening a session: System.InvalidOperationException: the zoo fails in open with SECRET=*** and ***")]
    [InlineData("open-hangs", "the key system 'faulty' has not come back from opening a session after 1 s")]
    [InlineData("open-blocks", "the key system 'faulty' has not come back from opening a session after 1 s")]
    [InlineData("open-null", "the key system 'faulty' opened no session: its OpenSessionAsync returned null")]
    [InlineData("write-throws", "the key system 'faulty' failed in writing a challenge: System.InvalidOperationException: the zoo fails in write with SECRET=*** and ***")]
    [InlineData("write-hangs", "the key system 'faulty' has not come back from writing a challenge after 1 s")]
    [InlineData("accept-throws", "the key system 'faulty' failed in opening an answer: System.InvalidOperationException: the zoo fails in accept with SECRET=*** and ***")]
    [InlineData("accept-blocks", "the key system 'faulty' has not come back from opening an answer after 1 s")]
    public async Task Fault_is_named_with_its_plugin_and_place(string fault, string said)
    {
        _plugins.Drop("faulty");
        await using LoopbackServer server = new(static _ => new LoopbackServer.Answer(200, "text/plain", "licence"u8.ToArray()));
        // What comes back must not be taken for what does not, however busy the machine is.
        bool waits = fault.EndsWith("-blocks", StringComparison.Ordinal) || fault.EndsWith("-hangs", StringComparison.Ordinal);
        await using KeywayHost host = Host(fault, ("Plugins:PatienceSeconds", waits ? "1" : "600"));
        Exception thrown = (await PlayAsync(host, server.Address).Should().ThrowAsync<Exception>()).Which;
        string all = string.Join(Environment.NewLine, Chain(thrown).SelectMany(Texts));
        all.Should().Contain(said).And.NotContain("abc123").And.NotContain("0c0d0e0f");
    }

    [Fact]
    public async Task Start_that_is_cancelled_does_not_wait_for_a_plugin_that_blocks()
    {
        _plugins.Drop("faulty");
        await using KeywayHost host = Host("configure-blocks", ("Plugins:PatienceSeconds", "600"));
        using CancellationTokenSource cancel = new();
        Task start = host.StartAsync(cancel.Token);
        await cancel.CancelAsync();
        await FluentActions.Awaiting(() => start).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Opening_that_is_cancelled_does_not_wait_for_a_key_system_that_does_not_start()
    {
        _plugins.Drop("faulty");
        await using KeywayHost host = Host("start-blocks", ("Plugins:PatienceSeconds", "5"));
        await host.StartAsync(Cancel);
        using CancellationTokenSource cancel = new();
        Task open = host.OpenAsync(SampleContent.Manifest, new PresentationOptions { KeySystem = "faulty" }, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await FluentActions.Awaiting(() => open).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Code_of_a_plugin_on_a_stack_is_known_as_its()
    {
        _plugins.Drop("faulty");
        await using KeywayHost host = Host("parse-throws");
        await host.StartAsync(Cancel);
        IKeySystem system = host.KeySystems.Single().KeySystem!;
        Exception? thrown = null;
        try
        {
            system.ParseHeader(new InitializationData { Kind = InitializationDataKind.Pssh, System = default, Payload = default });
        }
        catch (InvalidOperationException exception)
        {
            thrown = exception;
        }

        PluginCode.FindIn(thrown!).Should().Be("faulty");
        PluginCode.FindIn(new InvalidOperationException("outside", thrown)).Should().Be("faulty");
        PluginCode.FindIn(new InvalidOperationException("never thrown")).Should().BeNull();
        PluginCode.OwnerOf(typeof(KeywayHost).Assembly).Should().BeNull();
    }

    private static IEnumerable<Exception> Chain(Exception thrown)
    {
        for (Exception? each = thrown; each is not null; each = each.InnerException)
            if (each is KeywayException) yield return each;
    }

    private static IEnumerable<string> Texts(Exception exception) =>
        exception is NoKeySystemException none ? [exception.Message, .. none.Others.Select(static other => other.Reason)] : [exception.Message];

    private static Func<Task> PlayAsync(KeywayHost host, Uri licenses) => async () =>
    {
        await using Presentation presentation = await host.OpenAsync(SampleContent.Manifest, new PresentationOptions { LicenseUrl = licenses, KeySystem = "faulty" }, Cancel);
        await presentation.AcquireAsync(Cancel);
    };

    private KeywayHost Host(string fault, params (string Key, string Value)[] settings) => new(
        new ConfigurationBuilder().AddInMemoryCollection(
            [
                .. new (string Key, string Value)[]
                {
                    ("Plugins:Directory", _plugins.Path),
                    (fault.StartsWith("configure", StringComparison.Ordinal) ? "Plugins:Allow:faulty:Fault" : "Plugins:Allow:faulty:Other", fault),
                    ("KeySystems:faulty:Settings:Fault", fault),
                }.Concat(settings).Select(static setting => KeyValuePair.Create($"Keyway:{setting.Key}", (string?)setting.Value)),
            ]).Build().GetSection("Keyway"));
}
