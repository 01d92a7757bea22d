using System.IO.Pipelines;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway;

/// <content>Keys that live in their session: its decryptor opens the samples.</content>
public sealed partial class PresentationTests
{
    [Theory]
    [InlineData("cenc", CallRule.OneAtATime, 4 << 20)]
    [InlineData("cenc", CallRule.AnyThread, 5000)]
    [InlineData("cbcs", CallRule.OneAtATime, 1)]
    [InlineData("cbcs", CallRule.AnyThread, 4 << 20)]
    public async Task Session_that_decrypts_itself_gives_the_samples_that_our_keys_give(string folder, CallRule rule, int batchBytes)
    {
        await using PresentationBench bench = new();
        bench.System.Decrypting = _ => new FakeDecryptor { Calls = rule, BatchBytes = batchBytes };
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample($"{folder}/manifest.mpd"), null, Cancel);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        byte[] track = await PresentationBench.WriteAsync(pipe => presentation.WriteAsync(presentation.Tracks[1], pipe, Cancel));
        (await PresentationBench.SamplesAsync(track)).Should().Equal(PresentationBench.Table("audio"));
        byte[] merged = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(merged, 1)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.SamplesAsync(merged, 2)).Should().Equal(PresentationBench.Table("audio"));

        FakeDecryptor native = bench.System.Sessions.Should().ContainSingle().Which.Own!;
        if (rule == CallRule.OneAtATime) native.MostAtOnce.Should().Be(1);
        int samples = 2 * (PresentationBench.Table("video-360").Count + PresentationBench.Table("audio").Count);
        if (batchBytes == 1) native.CallCount.Should().Be(samples);
        else native.CallCount.Should().BeLessThan(samples / 2, "a fragment is a batch, or some");
        presentation.Sessions.Single().Keys.Should().OnlyContain(key => key.LivesElsewhere);
        await Eventually.Is(() => bench.Facts.OfType<FragmentDecrypted>().Any());
    }

    [Fact]
    public async Task Session_that_is_closed_under_a_fragment_is_disposed_when_that_has_come_out()
    {
        await using PresentationBench bench = new();
        TaskCompletionSource inside = new(TaskCreationOptions.RunContinuationsAsynchronously), go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.System.Decrypting = _ => new FakeDecryptor
        {
            Entering = async (_, _) =>
            {
                inside.TrySetResult();
                await go.Task;
                return null;
            },
        };
        await using Presentation presentation = await OpenAsync(bench);
        Task<List<string>> reading = PresentationBench.ReadAsync(presentation, 0);
        await inside.Task.WaitAsync(Cancel);
        FakeKeySystem.FakeSession session = bench.System.Sessions.Single();
        session.Host.Close(LicenseErrorKind.InternalFault);
        await Eventually.Is(() => bench.Facts.OfType<SessionFailed>().Any());
        (session.IsDisposed, session.Own!.Running).Should().Be((false, 1));

        go.SetResult();
        (await reading).Should().Equal(PresentationBench.Table("video-360"), "another session brings the key for the fragments that follow");
        await Eventually.Is(() => session.IsDisposed);
        bench.System.Sessions.Should().HaveCountGreaterThan(1).And.OnlyContain(each => each.Own!.UsesAfterEnd == 0);
    }

    [Fact]
    public async Task Engine_ends_without_a_call_that_does_not_and_leaves_it_its_session()
    {
        PresentationBench bench = new(static options => options with { KeySystemPatience = TimeSpan.FromSeconds(1) });
        TaskCompletionSource inside = new(TaskCreationOptions.RunContinuationsAsynchronously), go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.System.Decrypting = _ => new FakeDecryptor
        {
            Entering = async (_, _) =>
            {
                inside.TrySetResult();
                await go.Task;
                return null;
            },
        };
        Presentation presentation = await OpenAsync(bench);
        Task<List<string>> reading = PresentationBench.ReadAsync(presentation, 0);
        await inside.Task.WaitAsync(Cancel);
        await presentation.DisposeAsync();
        await bench.DisposeAsync();
        FakeKeySystem.FakeSession session = bench.System.Sessions.Single();
        session.IsDisposed.Should().BeFalse();
        go.SetResult();
        await reading.Invoking(async task => await task).Should().ThrowAsync<Exception>("its presentation is gone");
        await Eventually.Is(() => session.IsDisposed);
        session.Own!.UsesAfterEnd.Should().Be(0);
    }

    [Fact]
    public async Task Not_now_is_asked_again_until_it_is_now_and_goes_on_where_it_stopped()
    {
        await using PresentationBench bench = new();
        int asked = 0;
        FakeDecryptor? native = null;
        bench.System.Decrypting = _ => native = new FakeDecryptor
        {
            Entering = (batch, _) =>
            {
                int turn = Interlocked.Increment(ref asked);
                if (turn % 4 == 0) return new((BatchResult?)null);
                int done = turn % 4 == 1 && batch.Count > 1 ? 1 : 0;
                native!.DecryptFirst(batch, done);
                return new(new BatchResult { Status = DecryptStatus.NotNow, Done = done, RetryAfter = turn % 4 == 2 ? TimeSpan.FromMilliseconds(300) : null });
            },
        };
        await using Presentation presentation = await OpenAsync(bench);
        Task<List<string>> reading = PresentationBench.ReadAsync(presentation, 0);
        await bench.AdvanceUntilAsync(reading, TimeSpan.FromMilliseconds(100));
        (await reading).Should().Equal(PresentationBench.Table("video-360"));
        bench.Server.Received.Should().ContainSingle("no other licence is asked for");
    }

    [Fact]
    public async Task Not_now_for_longer_than_a_key_is_waited_for_is_an_error_that_says_so()
    {
        await using PresentationBench bench = new(static options => options with { KeyWait = TimeSpan.FromSeconds(20) });
        bench.System.Decrypting = _ => new FakeDecryptor { Entering = static (_, _) => new(new BatchResult { Status = DecryptStatus.NotNow, Done = 0 }) };
        await using Presentation presentation = await OpenAsync(bench);
        DateTimeOffset begun = bench.Clock.GetUtcNow();
        Task<List<string>> reading = PresentationBench.ReadAsync(presentation, 0);
        await bench.AdvanceUntilAsync(reading, TimeSpan.FromMilliseconds(250));
        KeyUnavailableException refused = (await reading.Invoking(async task => await task).Should().ThrowAsync<KeyUnavailableException>()).Which;
        refused.Reason.Should().Be(KeyUnavailableReason.Busy);
        (bench.Clock.GetUtcNow() - begun).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(20));
        bench.System.Sessions.Single().Own!.CallCount.Should().BeInRange(10, 200, "it is asked again, and not all the time");
    }

    [Fact]
    public async Task Whoever_cancels_while_it_is_not_now_is_let_go()
    {
        await using PresentationBench bench = new();
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.System.Decrypting = _ => new FakeDecryptor
        {
            Entering = (_, _) =>
            {
                asked.TrySetResult();
                return new(new BatchResult { Status = DecryptStatus.NotNow, Done = 0 });
            },
        };
        await using Presentation presentation = await OpenAsync(bench);
        using CancellationTokenSource stop = new();
        Func<Task> read = async () =>
        {
            await foreach (ClearFragment _ in presentation.ReadAsync(presentation.Tracks[0], stop.Token))
            {
            }
        };
        Task reading = read();
        await asked.Task.WaitAsync(Cancel);
        await stop.CancelAsync();
        await reading.Invoking(async task => await task).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_sink_that_renders_reads_clear_samples_and_writes_no_stream_of_them()
    {
        await using PresentationBench bench = new();
        bench.System.Policy = new KeyPolicy();
        PresentationOptions screen = new() { Output = new OutputCapabilities { Kind = SinkKind.Render } };
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), screen, Cancel);
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        foreach (Func<PipeWriter, ValueTask<Mp4Summary>> write in (Func<PipeWriter, ValueTask<Mp4Summary>>[])
            [pipe => presentation.WriteAsync(presentation.Tracks[0], pipe, Cancel), pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel)])
        {
            Func<Task> export = () => PresentationBench.WriteAsync(write);
            (await export.Should().ThrowAsync<KeyUnavailableException>()).Which.Reason.Should().Be(KeyUnavailableReason.RefusedByPolicy);
        }
    }

    [Fact]
    public async Task A_sink_that_renders_may_write_what_a_licence_lets_leave()
    {
        await using PresentationBench bench = new();
        PresentationOptions screen = new() { Output = new OutputCapabilities { Kind = SinkKind.Render } };
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), screen, Cancel);
        byte[] merged = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(merged, 1)).Should().Equal(PresentationBench.Table("video-360"));
    }

    [Fact]
    public async Task A_sink_that_opens_samples_itself_acquires_keys_and_gets_no_clear_sample()
    {
        await using PresentationBench bench = new();
        PresentationOptions module = new() { Output = new OutputCapabilities { Kind = SinkKind.Module } };
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), module, Cancel);
        await presentation.AcquireAsync(Cancel);
        foreach (Func<Task> use in (Func<Task>[])
            [
                () => PresentationBench.ReadAsync(presentation, 0),
                () => PresentationBench.WriteAsync(pipe => presentation.WriteAsync(presentation.Tracks[0], pipe, Cancel)),
                () => PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel)),
            ])
            (await use.Should().ThrowAsync<KeyUnavailableException>()).Which.Reason.Should().Be(KeyUnavailableReason.NotForSink);
        bench.Facts.OfType<FragmentDecrypted>().Should().BeEmpty();
    }

    [Fact]
    public async Task Certificate_of_the_service_that_the_caller_has_reaches_the_session_and_parts_viewers()
    {
        await using PresentationBench bench = new();
        byte[] certificate = [1, 2, 3];
        PresentationOptions options = new() { SharingScope = "room", ServerCertificate = certificate };
        await using Presentation one = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), options, Cancel);
        await using Presentation same = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), options with { ServerCertificate = new byte[] { 1, 2, 3 } }, Cancel);
        await using Presentation other = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), options with { ServerCertificate = default }, Cancel);
        await Task.WhenAll(one.AcquireAsync(Cancel).AsTask(), same.AcquireAsync(Cancel).AsTask(), other.AcquireAsync(Cancel).AsTask());
        bench.System.Sessions.Select(static session => session.Request.ServerCertificate.Length).Should().BeEquivalentTo([3, 0], "two viewers have the same, and share a session");
    }

    [Fact]
    public async Task Headers_reach_a_session_with_their_kind_and_whole_box()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await OpenAsync(bench);
        await presentation.AcquireAsync(Cancel);
        string manifest = await File.ReadAllTextAsync(PresentationBench.Sample("cenc/manifest.mpd").LocalPath, Cancel);
        foreach (ProtectionHeader header in bench.System.Sessions.SelectMany(static session => session.Request.Headers))
        {
            header.InitDataType.Should().Be("cenc");
            manifest.Should().Contain(Convert.ToBase64String(header.InitData.Span), "that is what the manifest holds");
        }
    }
}
