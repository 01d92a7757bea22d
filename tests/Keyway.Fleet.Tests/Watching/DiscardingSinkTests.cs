using Keyway.Decryption;
using Keyway.Fleet.Grains;
using Keyway.Fleet.Service;
using Keyway.Licensing;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Fleet.Watching;

/// <summary>Where a check's samples go.</summary>
public sealed class DiscardingSinkTests : IAsyncDisposable
{
    private static readonly string[] Ids = ["c5d31c60dee014a6f849c8f291262343", "d2aca19319b8ca2fa0315b7842893e3a", "e4c06923e61b099ad7346945b908a3af"];

    private readonly TestKeyway _keyway = new();
    private readonly Uri _source;

    public DiscardingSinkTests()
    {
        foreach (string id in Ids) _keyway.AddKey(id, Convert.ToHexString(SampleKeys.Find(id)!));
        _source = new Uri(_keyway.AddFolder("film", Path.Combine(SampleKeys.Folder, "cenc")), "manifest.mpd");
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static PresentationOptions Options => new StreamOptions(static _ => "").OptionsOf(new StreamSpec { Name = "a", Address = "http://a.example/a.mpd" });

    public ValueTask DisposeAsync() => _keyway.DisposeAsync();

    [Fact]
    public async Task A_licence_that_forbids_export_serves_a_check_and_one_that_demands_an_output_does_not()
    {
        // Made in code, and no export: what says nothing of export is enough.
        (Options.Output.Kind, Options.Output.Hdcp, Options.Output.Restrictions.Count).Should().Be((SinkKind.Render, default(HdcpLevel), 0));
        _keyway.KeySystem.Policy = new KeyPolicy { Output = new OutputRequirement { ClearExport = false } };
        SegmentCheck check = await CheckAsync();
        (check.ProtectedSamples, check.KeyCheck).Should().Be((check.Samples, Mp4KeyCheckResult.Fits));
        check.Samples.Should().BePositive();

        _keyway.KeySystem.Policy = new KeyPolicy { Output = new OutputRequirement { ClearExport = true, Hdcp = HdcpLevel.V1 } };
        (await FluentActions.Awaiting(CheckAsync).Should().ThrowAsync<KeyUnavailableException>()).Which.Reason.Should().Be(KeyUnavailableReason.RefusedByPolicy);
    }

    [Fact]
    public async Task What_is_checked_is_zeroed_where_it_lies()
    {
        await CheckAsync();
        // The buffer of a segment goes back to the pool that it came from; whoever gets it next finds nothing of the first frame's slice.
        byte[] clear = await FirstSampleAsync();
        clear.Length.Should().BeGreaterThan(64);
        bool found = false;
        List<byte[]> rented = [];
        for (int size = 1 << 12; size <= 1 << 20; size <<= 1)
        {
            for (int i = 0; i < 8; i++)
            {
                byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(size);
                rented.Add(buffer);
                found |= buffer.AsSpan().IndexOf(clear.AsSpan(clear.Length - 48)) >= 0;
            }
        }

        foreach (byte[] buffer in rented) System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        found.Should().BeFalse();
    }

    [Fact]
    public async Task Only_the_keys_that_are_wanted_are_asked_for_and_what_needs_another_says_which()
    {
        _ = KeyId.TryParse(Ids[0], out KeyId audio);
        // This service gives all that it has: it has this one.
        foreach (KeyId other in _keyway.Server.Keys.Keys.Where(id => id != audio).ToArray()) _keyway.Server.Keys.Remove(other, out _);
        await using Presentation held = await _keyway.OpenAsync(_source, Options with { OnlyKeys = [audio] }, Stop);
        await held.AcquireAsync(Stop);
        held.Sessions.SelectMany(static session => session.Keys).Select(static key => key.Id).Should().Contain(audio);
        _keyway.Server.Received.Should().ContainSingle();
        ManifestFacts manifest = await _keyway.ReadManifestAsync(_source, Options, Stop);
        Rendition video = manifest.Timeline.Periods[0].Renditions.First(static each => each.Kind == MediaKind.Video);
        KeyUnavailableException refused = (await FluentActions.Awaiting(() => held.CheckSegmentAsync(manifest, video, video.Segments.Played().First(), Stop).AsTask()).Should().ThrowAsync<KeyUnavailableException>()).Which;
        (refused.Reason, Ids.Contains(refused.Id.ToString()), refused.Id == audio).Should().Be((KeyUnavailableReason.NotInLicense, true, false));
        _keyway.Server.Received.Should().ContainSingle("nothing is asked for it");
    }

    private async Task<SegmentCheck> CheckAsync()
    {
        await using Presentation presentation = await _keyway.OpenAsync(_source, Options, Stop);
        ManifestFacts manifest = await _keyway.ReadManifestAsync(_source, Options, Stop);
        Rendition rendition = manifest.Timeline.Periods[0].Renditions.First(static each => each.Kind == MediaKind.Video);
        return await presentation.CheckSegmentAsync(manifest, rendition, rendition.Segments.Played().First(), Stop);
    }

    private async Task<byte[]> FirstSampleAsync()
    {
        await using Presentation presentation = await _keyway.OpenAsync(_source, Options, Stop);
        ManifestFacts manifest = await _keyway.ReadManifestAsync(_source, Options, Stop);
        Rendition same = presentation.Timeline.Periods[0].Renditions.First(each => each.Id == manifest.Timeline.Periods[0].Renditions.First(static video => video.Kind == MediaKind.Video).Id);
        await foreach (ClearFragment fragment in presentation.ReadAsync(same, cancellationToken: Stop))
        {
            byte[] copy = fragment.Samples.First().Data.ToArray();
            foreach (ClearSample sample in fragment.Samples) System.Runtime.InteropServices.MemoryMarshal.AsMemory(sample.Data).Span.Clear();
            return copy;
        }

        throw new InvalidOperationException("there is no sample");
    }
}
