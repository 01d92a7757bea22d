using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway;

/// <summary>Whole presentations whose licences outlive the engine.</summary>
public sealed class StoredPresentationTests
{
    private static readonly PresentationOptions Persistent = new() { Kind = SessionKind.PersistentLicense };

    private readonly MemoryLicenseStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Playing_again_with_the_server_stopped_gives_the_same_samples()
    {
        await using (PresentationBench first = Start())
        await using (Presentation presentation = await first.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), Persistent, Token))
        {
            await presentation.AcquireAsync(Token);
            presentation.Sessions.Should().OnlyContain(session => session.Stored != null);
            _store.Licenses.SelectMany(license => license.Keys).Should().HaveCount(3).And.OnlyContain(key => key.FirstUse == null, "a licence that is shown is not used");
        }

        await using PresentationBench bench = Start();
        StopServer(bench);
        await using Presentation again = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), Persistent, Token);
        (await PresentationBench.ReadAsync(again, 0)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.ReadAsync(again, 1)).Should().Equal(PresentationBench.Table("audio"));
        bench.Server.Received.Should().BeEmpty();
        _store.Licenses.SelectMany(license => license.Keys).Where(key => key.FirstUse == bench.Clock.GetUtcNow()).Select(key => key.Id)
            .Should().BeEquivalentTo(again.Tracks.SelectMany(track => track.KeyIds), "the third key is of a track that nobody read");
    }

    [Fact]
    public async Task First_use_is_stored_before_the_first_clear_sample_is_returned()
    {
        await using PresentationBench bench = Start();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), Persistent, Token);
        await presentation.AcquireAsync(Token);
        TaskCompletionSource written = new();
        int changes = 0;
        _store.Before = (call, _) => call == "Change" && Interlocked.Increment(ref changes) == 1 ? written.Task : Task.CompletedTask;
        await using IAsyncEnumerator<ClearFragment> fragments = presentation.ReadAsync(presentation.Tracks[0], Token).GetAsyncEnumerator(Token);
        Task<bool> first = fragments.MoveNextAsync().AsTask();
        await Eventually.Is(() => Volatile.Read(ref changes) == 1);
        first.IsCompleted.Should().BeFalse();
        bench.Facts.OfType<FragmentDecrypted>().Should().BeEmpty();
        written.SetResult();
        (await first).Should().BeTrue();
        _store.Licenses.SelectMany(license => license.Keys).Count(key => key.FirstUse != null).Should().Be(1, "only the track that is read has begun");
    }

    [Fact]
    public async Task Store_that_cannot_be_written_ends_the_reading_with_its_reason()
    {
        await using PresentationBench bench = Start();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), Persistent, Token);
        await presentation.AcquireAsync(Token);
        _store.Before = (_, _) => throw new LicenseStoreException("the disk is full");
        Func<Task> read = () => PresentationBench.ReadAsync(presentation, 0);
        (await read.Should().ThrowAsync<LicenseStoreException>()).Which.Message.Should().Contain("the disk is full");
        bench.Facts.OfType<FragmentDecrypted>().Should().BeEmpty();
    }

    [Fact]
    public async Task Without_a_store_it_is_refused()
    {
        await using PresentationBench bench = new();
        Func<Task> open = async () => await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), Persistent, Token);
        (await open.Should().ThrowAsync<LicenseServiceException>()).Which.Should().Match<LicenseServiceException>(e => e.Kind == LicenseErrorKind.PolicyInvalid && e.Advice != null);
        bench.Server.Received.Should().BeEmpty();
        bench.Engine.Licenses.IsAvailable.Should().BeFalse();
        Func<Task> list = async () => await bench.Engine.Licenses.ListAsync(Token);
        await list.Should().ThrowAsync<LicenseStoreException>();
    }

    [Fact]
    public async Task Licences_are_renewed_and_given_back_without_media()
    {
        await using (PresentationBench first = Start())
        await using (Presentation presentation = await first.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), Persistent, Token)) await presentation.AcquireAsync(Token);

        await using PresentationBench bench = Start();
        StoredLicenseList list = await bench.Engine.Licenses.ListAsync(Token);
        foreach (StoredLicense license in list.Licenses)
        {
            (await bench.Engine.Licenses.RenewAsync(license.Id, cancellationToken: Token)).Id.Should().Be(license.Id);
            await bench.Engine.Licenses.ReleaseAsync(license.Id, cancellationToken: Token);
        }

        _store.Licenses.Should().BeEmpty();
        bench.Server.Received.Select(request => request.Body[..7]).Should().Equal(list.Licenses.SelectMany(static _ => (string[])["Renewal", "Release"]));
        bench.Server.Received.Should().OnlyContain(request => request.Request.Url == PresentationBench.LicenseUrl);
    }

    [Fact]
    public async Task Release_that_was_not_acknowledged_is_sent_when_the_next_engine_opens_something()
    {
        await using (PresentationBench first = Start())
        {
            await using (Presentation presentation = await first.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), Persistent, Token)) await presentation.AcquireAsync(Token);
            StopServer(first);
            Func<Task> release = async () => await first.Engine.Licenses.ReleaseAsync(_store.Licenses[0].Id, cancellationToken: Token);
            await release.Should().ThrowAsync<LicenseServiceException>();
        }

        _store.Licenses.Should().Contain(license => license.ReleaseAsked != null);
        await using PresentationBench bench = Start();
        await using Presentation other = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Token);
        await Eventually.Is(() => _store.Licenses.All(license => license.ReleaseAsked == null));
        bench.Server.Received.Should().Contain(request => request.Body.StartsWith("Release "));
    }

    [Fact]
    public async Task Engine_that_ends_while_it_gives_back_leaves_that_for_the_next()
    {
        await using (PresentationBench first = Start())
        await using (Presentation presentation = await first.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), Persistent, Token)) await presentation.AcquireAsync(Token);
        await _store.ChangeAsync(_store.Licenses[0].Id, license => license with { ReleaseAsked = license.Created }, default, Token);
        PresentationBench bench = Start();
        bench.Server.Hold();
        bench.Engine.Licenses.ReleasePendingInBackground();
        await Eventually.Is(() => bench.Server.Received.Count == 1);
        await bench.DisposeAsync();
        _store.Licenses.Should().Contain(license => license.ReleaseAsked != null);
    }

    [Theory]
    [InlineData("gone", null, "the key system 'gone' of a stored licence is not there")]
    [InlineData(null, "gone", "the provider 'gone' of a stored licence is not there")]
    public async Task Licence_of_somebody_who_is_not_there_says_who(string? keySystem, string? provider, string reason)
    {
        await using PresentationBench bench = Start();
        StoredLicense license = LicenseStoreConformance.Example(bench.Clock.GetUtcNow()) with { KeySystem = keySystem ?? "fake", Provider = provider ?? "acme" };
        await _store.AddAsync(license, new byte[] { 1 }, Token);
        Func<Task> renew = async () => await bench.Engine.Licenses.RenewAsync(license.Id, cancellationToken: Token);
        (await renew.Should().ThrowAsync<LicenseServiceException>()).Which.Message.Should().Contain(reason);
    }

    private PresentationBench Start()
    {
        PresentationBench bench = new(options => options with { LicenseStore = _store });
        bench.System.Saves = true;
        bench.System.Policy = new KeyPolicy { Output = new OutputRequirement { ClearExport = true }, MayPersist = true };
        return bench;
    }

    private static void StopServer(PresentationBench bench)
    {
        for (int i = 0; i < 10; i++) bench.Server.Next((_, _) => throw new LicenseServiceException(LicenseErrorKind.Network, "there is no server"));
    }
}
