using System.Buffers;
using Keyway.Content;
using Keyway.Licensing;
using Keyway.Plugins;
using Keyway.Protection;
using Keyway.Testing;

namespace Keyway;

/// <content>Which key system, which provider.</content>
public sealed partial class PresentationTests
{
    private static readonly LicenseServiceException NoCredential = new(LicenseErrorKind.CredentialInvalid, "the credential is not there");

    [Fact]
    public async Task Key_system_that_cannot_start_is_passed_over_with_its_reason()
    {
        FakeKeySystem first = PresentationBench.Fake("first");
        first.Starting = _ => throw NoCredential;
        await using PresentationBench bench = new(options => options with { KeySystems = [KeySystemCandidate.Of("first", 1, first), .. options.KeySystems] });
        await using Presentation presentation = await OpenAsync(bench);
        presentation.Facts.KeySystem.Chosen!.Name.Should().Be("fake");
        presentation.Facts.KeySystem.Others.Should().Contain(new KeySystemRejection("first", "the credential is not there"))
            .And.NotContain(other => other.Reason.Contains("no key system is configured", StringComparison.Ordinal) && other.Name == "common");
        (await PresentationBench.ReadAsync(presentation, 0)).Should().HaveCount(500);
        first.Sessions.Should().BeEmpty();

        foreach (PresentationOptions options in (PresentationOptions[])[new(), new() { KeySystem = "first" }])
        {
            ContentFacts facts = await bench.Engine.InspectAsync(PresentationBench.Sample("cenc/manifest.mpd"), options, Cancel);
            facts.KeySystem.Chosen?.Name.Should().Be("fake", "who looks sees what would be played");
            facts.KeySystem.Others.Should().Contain(new KeySystemRejection("first", "the credential is not there"));
        }
    }

    [Theory]
    [InlineData("first")]
    [InlineData("org.example.FIRST")]
    public async Task Key_system_that_was_asked_for_by_name_must_start(string name)
    {
        FakeKeySystem first = PresentationBench.Fake("first");
        first.Starting = _ => throw NoCredential;
        await using PresentationBench bench = new(options => options with { KeySystems = [KeySystemCandidate.Of("first", 1, first), .. options.KeySystems] });
        PresentationOptions options = new() { KeySystem = name };
        Func<Task> open = async () => await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), options, Cancel);
        (await open.Should().ThrowAsync<LicenseServiceException>()).Which.Should().BeSameAs(NoCredential);
        bench.Engine.Sessions.Should().BeEmpty();
    }

    [Fact]
    public async Task Nobody_who_can_start_is_said_with_every_reason()
    {
        await using PresentationBench bench = new();
        bench.System.Starting = _ => throw new SecretException("client-key", "there is none");
        Func<Task> open = () => OpenAsync(bench);
        NoKeySystemException none = (await open.Should().ThrowAsync<NoKeySystemException>()).Which;
        none.Others.Should().Contain(new KeySystemRejection("fake", "secret 'client-key': there is none"));
        none.Others.Select(other => other.Name).Should().BeEquivalentTo("fake", "widevine", "playready");
    }

    [Fact]
    public async Task Faulty_key_system_that_fails_to_start_loses_the_choice_and_keeps_its_words()
    {
        await using PresentationBench bench = new();
        bench.System.Starting = _ => throw new InvalidOperationException("the key is 0011223344");
        Func<Task> open = () => OpenAsync(bench);
        (await open.Should().ThrowAsync<NoKeySystemException>()).Which.Message.Should().Contain("failed to start: System.InvalidOperationException: the key is ***").And.NotContain("0011");
        Func<Task> named = async () => await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), new PresentationOptions { KeySystem = "fake" }, Cancel);
        (await named.Should().ThrowAsync<LicenseServiceException>()).Which.Message.Should().NotContain("0011");
    }

    [Fact]
    public async Task Key_system_starts_once_for_two_presentations_at_once_and_for_all_later_ones()
    {
        int starts = 0;
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using PresentationBench bench = new();
        bench.System.Starting = _ =>
        {
            Interlocked.Increment(ref starts);
            return new ValueTask(started.Task);
        };
        Task<Presentation> one = OpenAsync(bench), two = OpenAsync(bench);
        await Eventually.Is(() => Volatile.Read(ref starts) == 1);
        one.IsCompleted.Should().BeFalse();
        started.SetResult();
        await using Presentation first = await one;
        await using Presentation second = await two;
        await using Presentation third = await OpenAsync(bench);
        starts.Should().Be(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Failed_start_is_tried_again_by_the_next_presentation(bool atOnce)
    {
        int starts = 0;
        await using PresentationBench bench = new();
        bench.System.Starting = async _ =>
        {
            if (!atOnce) await Task.Yield();
            if (Interlocked.Increment(ref starts) == 1) throw NoCredential;
        };
        if (atOnce) bench.System.Starting = _ => Interlocked.Increment(ref starts) == 1 ? throw NoCredential : ValueTask.CompletedTask;
        Func<Task> open = () => OpenAsync(bench);
        await open.Should().ThrowAsync<NoKeySystemException>();
        await using Presentation presentation = await OpenAsync(bench);
        starts.Should().Be(2);
    }

    [Fact]
    public async Task Caller_who_gives_up_leaves_the_start_to_the_others()
    {
        int starts = 0;
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using PresentationBench bench = new();
        bench.System.Starting = cancellationToken =>
        {
            cancellationToken.CanBeCanceled.Should().BeFalse();
            Interlocked.Increment(ref starts);
            return new ValueTask(started.Task);
        };
        using CancellationTokenSource impatient = new();
        Task<Presentation> one = bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: impatient.Token).AsTask();
        await Eventually.Is(() => Volatile.Read(ref starts) == 1);
        await impatient.CancelAsync();
        await one.Awaiting(static task => task).Should().ThrowAsync<OperationCanceledException>();
        started.SetResult();
        await using Presentation presentation = await OpenAsync(bench);
        starts.Should().Be(1);
    }

    [Fact]
    public async Task Token_without_a_provider_is_refused_before_anything_is_read()
    {
        await using PresentationBench bench = new(options => options with { Route = _ => null });
        PresentationOptions options = new() { Token = static (_, _) => new ValueTask<IMemoryOwner<byte>>(MemoryPool<byte>.Shared.Rent(1)) };
        Func<Task> open = async () => await bench.Engine.OpenAsync(new Uri("file:///nowhere.mpd"), options, Cancel);
        (await open.Should().ThrowAsync<ArgumentException>()).Which.ParamName.Should().Be("options");
    }

    [Fact]
    public async Task Provider_of_other_key_systems_leaves_this_one_out()
    {
        await using PresentationBench bench = new(options => options with { Providers = [new ConfiguredProvider(options.Providers[0].Service, ["other"])] });
        Func<Task> open = () => OpenAsync(bench);
        NoKeySystemException none = (await open.Should().ThrowAsync<NoKeySystemException>()).Which;
        none.Others.Should().Contain(new KeySystemRejection("fake", "the provider 'acme' does not serve it"));
        none.Others.Should().NotContain(other => other.Name == "common", "the content's system is configured, only not there");
    }

    [Fact]
    public async Task Provider_that_nobody_configured_is_an_error_of_the_caller()
    {
        await using PresentationBench bench = new();
        Func<Task> open = async () => await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), new PresentationOptions { Provider = "other" }, Cancel);
        ArgumentException wrong = (await open.Should().ThrowAsync<ArgumentException>()).Which;
        wrong.ParamName.Should().Be("options");
        wrong.Message.Should().Contain("'other'").And.Contain("acme");
    }

    [Fact]
    public async Task Provider_whose_plugin_is_not_there_says_so_and_content_can_be_looked_at()
    {
        await using PresentationBench bench = new(options => options with
        {
            Providers = [],
            AbsentProviders = new Dictionary<string, string> { ["acme"] = "its plugin 'acme' is not loaded" },
        });
        Func<Task> open = () => OpenAsync(bench);
        (await open.Should().ThrowAsync<LicenseServiceException>()).Which.Message.Should().Contain("'acme'").And.Contain("not loaded");
        ContentFacts facts = await bench.Engine.InspectAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Cancel);
        facts.Notes.Should().Contain(note => note.Contains("not loaded", StringComparison.Ordinal));
        facts.KeySystem.Chosen!.Name.Should().Be("fake");
    }

    [Fact]
    public async Task Source_that_is_not_there_is_told_as_such()
    {
        await using PresentationBench bench = new();
        Func<Task> open = async () => await bench.Engine.OpenAsync(new Uri("file:///nowhere/movie.mpd"), cancellationToken: Cancel);
        await open.Should().ThrowAsync<SourceException>();
        Func<Task> web = async () => await bench.Engine.OpenAsync(new Uri("https://content.example/movie.mpd"), cancellationToken: Cancel);
        await web.Should().ThrowAsync<SourceException>("no way to HTTP was handed in");
        Func<Task> text = async () => await bench.Engine.OpenAsync(bench.Place("movie.bin", "neither"u8.ToArray()), cancellationToken: Cancel);
        await text.Should().ThrowAsync<MediaFormatException>();
    }
}
