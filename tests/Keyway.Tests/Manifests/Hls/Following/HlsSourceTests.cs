using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Following;

/// <summary>When live playlists are asked for again, and what becomes of what they say (RFC 8216bis, 6.2 and 6.3.4).</summary>
public sealed class HlsSourceTests
{
    private const string Master = "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"n\",DEFAULT=YES,URI=\"audio.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1,mp4a\",RESOLUTION=16x16,AUDIO=\"a\"\nvideo.m3u8\n";

    [Fact]
    public async Task A_playlist_that_has_changed_is_asked_for_after_its_target_duration_and_one_that_has_not_after_half_of_it()
    {
        PlaylistServer server = new();
        string list = PlaylistServer.List(10, "10 11 12");
        server.Files["list.m3u8"] = _ => list;
        await server.OpenAsync();
        server.Timeline.Live.Should().BeEquivalentTo(new LiveTiming { UpdatePeriod = TimeSpan.FromSeconds(4), SuggestedDelay = TimeSpan.FromSeconds(12), TimeShiftBuffer = TimeSpan.FromSeconds(8) });
        server.Shown().Should().Be("0@0: 10@0 11@4 12@8");
        server.Due.Should().Be(4);
        await server.AtAsync(3.9);
        server.Requests.Should().HaveCount(1, "nothing is due");
        list = PlaylistServer.List(11, "11 12 13");
        await server.AtAsync(4);
        server.Shown().Should().Be("0@0: 11@4 12@8 13@12");
        server.Due.Should().Be(8);
        await server.AtAsync(8);
        server.Due.Should().Be(10, "it has not changed");
        await server.AtAsync(10);
        server.Due.Should().Be(12);
        list = PlaylistServer.List(12, "12 13 14") + "#EXT-X-ENDLIST\n";
        await server.AtAsync(12);
        server.Timeline.Live.Should().BeNull("it is complete");
        server.Timeline.Duration.Should().Be(TimeSpan.FromSeconds(20));
        server.Timeline.Periods[0].Renditions[0].Segments.IsLive.Should().BeFalse();
        server.Requests.Should().Equal("0: list.m3u8", "4: list.m3u8", "8: list.m3u8", "10: list.m3u8", "12: list.m3u8");
        server.Notes.Should().BeEmpty();
    }

    [Fact]
    public async Task Time_counts_from_when_a_request_was_sent()
    {
        PlaylistServer server = new();
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(10, "10 11 12");
        await server.OpenAsync();
        TaskCompletionSource<string> slow = server.Held["list.m3u8"] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task refresh = server.AtAsync(4);
        server.Clock.Advance(TimeSpan.FromSeconds(3));
        slow.SetResult(PlaylistServer.List(11, "11 12 13"));
        await refresh;
        server.Due.Should().Be(8);
    }

    [Fact]
    public async Task Each_playlist_has_its_own_clock_and_none_waits_for_another()
    {
        PlaylistServer server = new();
        server.Files["master.m3u8"] = static _ => Master;
        server.Files["video.m3u8"] = static _ => PlaylistServer.List(10, "10 11 12");
        server.Files["audio.m3u8"] = static _ => PlaylistServer.List(10, "10 11 12").Replace("DURATION:4", "DURATION:6", StringComparison.Ordinal);
        await server.OpenAsync("master.m3u8");
        server.Due.Should().Be(4);
        server.Files["video.m3u8"] = static _ => PlaylistServer.List(10, "10 11 12 13");
        await server.AtAsync(4);
        server.Due.Should().Be(6);
        TaskCompletionSource<string> slow = server.Held["audio.m3u8"] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task refresh = server.AtAsync(6);
        server.Files["video.m3u8"] = static _ => PlaylistServer.List(10, "10 11 12 13 14");
        // The answer to one does not come, and the other is due meanwhile.
        server.Clock.Advance(TimeSpan.FromSeconds(2));
        await refresh;
        server.Due.Should().Be(8, "what is on its way is looked after at once");
        await server.AtAsync(8);
        server.Shown().Should().Be("0@0: 10@0 11@4 12@8 13@12 14@16");
        server.Shown(1).Should().Be("0@0: 10@0 11@4 12@8");
        slow.SetResult(PlaylistServer.List(10, "10 11 12 13"));
        server.Held.Clear();
        await Keyway.Testing.Eventually.Is(() => server.Requests.Count == 6);
        await server.AtAsync(8);
        server.Requests.Should().Equal("0: master.m3u8", "0: video.m3u8", "0: audio.m3u8", "4: video.m3u8", "6: audio.m3u8", "8: video.m3u8");
    }

    [Fact]
    public async Task A_server_that_can_is_asked_to_wait_for_the_next_segment()
    {
        PlaylistServer server = new();
        const string Can = "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=13\n";
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(10, "10 11 12", Can);
        await server.OpenAsync("list.m3u8?token=a%2Fb");
        server.Timeline.Live!.SuggestedDelay.Should().Be(TimeSpan.FromSeconds(13));
        server.Due.Should().Be(0, "it waits, and we need not");
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(11, "11 12 13", Can);
        await server.AtAsync(0);
        server.Requests[^1].Should().Be("0: list.m3u8?token=a%2Fb&_HLS_msn=13");
        server.Due.Should().Be(0);
        await server.AtAsync(0);
        server.Due.Should().Be(2, "it has not waited, so that it is asked as any other");
        await server.AtAsync(2);
        server.Requests[^1].Should().Be("2: list.m3u8?token=a%2Fb");
        server.Files["list.m3u8"] = static query => query.Contains("_HLS_msn", StringComparison.Ordinal) ? null : PlaylistServer.List(12, "12 13 14", Can);
        await server.AtAsync(4);
        server.Requests[^1].Should().Be("4: list.m3u8?token=a%2Fb&_HLS_msn=14");
        server.Due.Should().Be(4, "a refusal of the directive says nothing of the playlist");
        await server.AtAsync(4);
        server.Shown().Should().Be("0@0: 12@8 13@12 14@16");
    }

    [Fact]
    public async Task Updates_without_what_is_known_are_asked_for_and_put_together()
    {
        PlaylistServer server = new();
        const string Can = "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24\n";
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(10, "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://1\",KEYFORMAT=\"com.apple.streamingkeydelivery\" 10 11 12 13", Can);
        await server.OpenAsync();
        server.Files["list.m3u8"] = static query => query.Contains("_HLS_skip=YES", StringComparison.Ordinal) ? PlaylistServer.List(11, "#EXT-X-SKIP:SKIPPED-SEGMENTS=2 13 14", Can) : null;
        await server.AtAsync(4);
        server.Requests[^1].Should().Be("4: list.m3u8?_HLS_skip=YES");
        server.Shown().Should().Be("0@0: 11@4 12@8 13@12 14@16");
        server.Timeline.Periods[0].Renditions[0].Segments.Played().Should().OnlyContain(static segment => segment.Key != null, "the key in force at the end of what is left out stays in force");
        server.Files["list.m3u8"] = static query => query.Length > 0 ? PlaylistServer.List(14, "#EXT-X-SKIP:SKIPPED-SEGMENTS=3 17", Can) : PlaylistServer.List(13, "13 14 15 16 17", Can);
        await server.AtAsync(8);
        server.Requests[^2..].Should().Equal("8: list.m3u8?_HLS_skip=YES", "8: list.m3u8");
        server.Shown().Should().Be("0@0: 13@12 14@16 15@20 16@24 17@28");
        server.Files["list.m3u8"] = static query => query.Length == 0 ? PlaylistServer.List(20, "20 21", Can) : null;
        await server.AtAsync(30);
        server.Requests[^1].Should().Be("30: list.m3u8", "the copy here is too old for the server");
    }

    [Fact]
    public async Task A_playlist_that_is_gone_for_a_while_comes_back()
    {
        PlaylistServer server = new();
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(10, "10 11 12");
        await server.OpenAsync();
        server.Files["list.m3u8"] = static _ => null;
        for (double time = 4; time < 20; time += 2)
        {
            server.Due.Should().Be(time);
            await server.AtAsync(time);
            server.Shown().Should().Be("0@0: 10@0 11@4 12@8");
        }

        server.Notes.Should().OnlyContain(static note => note.StartsWith("an update of the playlist was passed over: https://cdn.example/live/list.m3u8"));
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(12, "12 13 14 15");
        await server.AtAsync(20);
        server.Shown().Should().Be("0@0: 12@8 13@12 14@16 15@20");
        server.Due.Should().Be(24);
    }

    [Fact]
    public async Task A_playlist_that_stays_away_is_over()
    {
        PlaylistServer server = new();
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(10, "10 11 12");
        await server.OpenAsync();
        server.Files["list.m3u8"] = static _ => null;
        double time = 4;
        for (; server.Timeline.Live is not null && time < 100; time += 2) await server.AtAsync(time);
        time.Should().Be(68, "66 s after the last answer");
        server.Notes[^1].Should().StartWith("https://cdn.example/live/list.m3u8: the playlist could not be fetched for 60 s, so it was taken for over: ");
        server.Due.Should().BeNull();
    }

    [Fact]
    public async Task Numbers_that_jump_leave_a_hole_of_their_length()
    {
        PlaylistServer server = new();
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(10, "10 11 12");
        await server.OpenAsync();
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(15, "15 16");
        await server.AtAsync(4);
        server.Shown().Should().Be("0@0: 15@20 16@24");
        server.Notes.Should().Equal("https://cdn.example/live/list.m3u8: segments 13 to 14 were listed and gone between two copies");
    }

    [Fact]
    public async Task The_wall_clock_tells_how_long_a_hole_is()
    {
        PlaylistServer server = new();
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(10, "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z 10 11 12");
        await server.OpenAsync();
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(15, "15 #EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:23Z 16");
        await server.AtAsync(4);
        server.Shown().Should().Be("0@0: 15@19 16@23");
    }

    [Fact]
    public async Task Numbers_that_go_back_begin_a_presentation_anew_and_an_old_copy_is_passed_over()
    {
        PlaylistServer server = new();
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(10, "10 11 12");
        await server.OpenAsync();
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(9, "9 10 11");
        await server.AtAsync(4);
        server.Shown().Should().Be("0@0: 10@0 11@4 12@8", "a cache has answered");
        server.Due.Should().Be(6);
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(0, "new0 new1");
        await server.AtAsync(6);
        server.Shown().Should().Be("1.0@12: 0@0 1@4");
        server.Notes.Should().Equal("https://cdn.example/live/list.m3u8: the numbers of its segments went back from 12 to 0; what follows is played as a presentation that begins anew");
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(1, "new1 #EXT-X-DISCONTINUITY new2");
        await server.AtAsync(10);
        server.Shown().Should().Be("1.0@12: 1@4 | 1.1@20: 2@0");
    }

    [Fact]
    public async Task A_period_keeps_its_name_and_its_times_while_the_window_moves()
    {
        PlaylistServer server = new();
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(10, "#EXT-X-MAP:URI=\"a\" 10 11 #EXT-X-MAP:URI=\"b\" 12 #EXT-X-DISCONTINUITY 13", "#EXT-X-DISCONTINUITY-SEQUENCE:6\n");
        server.Files["a"] = server.Files["b"] = static _ => "";
        await Assert.ThrowsAnyAsync<KeywayException>(() => server.OpenAsync());
        server.Files["master.m3u8"] = static _ => "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1\"\nlist.m3u8\n";
        server.Requests.Clear();
        await server.OpenAsync("master.m3u8");
        server.Shown().Should().Be("6@0: 10@0 11@4 | 6+8000@8: 12@0 | 7@12: 13@0");
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(12, "#EXT-X-MAP:URI=\"b\" 12 #EXT-X-DISCONTINUITY 13 14 #EXT-X-MAP:URI=\"c\" 15", "#EXT-X-DISCONTINUITY-SEQUENCE:6\n");
        await server.AtAsync(4);
        server.Shown().Should().Be("6+8000@8: 12@0 | 7@12: 13@0 14@4 | 7+8000@20: 15@0");
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(14, "#EXT-X-MAP:URI=\"b\" 14 #EXT-X-MAP:URI=\"c\" 15 16", "#EXT-X-DISCONTINUITY-SEQUENCE:7\n");
        await server.AtAsync(8);
        server.Shown().Should().Be("7@12: 14@4 | 7+8000@20: 15@0 16@4");
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(16, "#EXT-X-MAP:URI=\"c\" 16 17", "#EXT-X-DISCONTINUITY-SEQUENCE:7\n");
        await server.AtAsync(12);
        server.Shown().Should().Be("7+8000@20: 16@4 17@8");
        server.Timeline.Periods[0].Renditions[0].Segments.Next(null, server.Clock.GetUtcNow()).Kind.Should().Be(SegmentStepKind.Ready);
        server.Timeline.Periods[0].Renditions[0].Segments.Next(ulong.MaxValue, server.Clock.GetUtcNow()).Kind.Should().Be(SegmentStepKind.Unlisted);
    }

    [Fact]
    public async Task A_copy_that_cannot_be_followed_is_passed_over()
    {
        PlaylistServer server = new();
        server.Files["list.m3u8"] = static _ => PlaylistServer.List(10, "10 11 12");
        await server.OpenAsync();
        string many = string.Join(' ', Enumerable.Range(13, (2 * HlsLimits.LivePeriods) + 1).Select(static number => $"#EXT-X-DISCONTINUITY {number}"));
        server.Files["list.m3u8"] = _ => PlaylistServer.List(13, many);
        await server.AtAsync(4);
        server.Shown().Should().Be("0@0: 10@0 11@4 12@8");
        server.Notes.Should().Equal("an update of the playlist was passed over: https://cdn.example/live/list.m3u8: discontinuities and initialisation segments make more than 1024 periods of what is listed at once");
        server.Due.Should().Be(6);
        PlaylistServer other = new();
        other.Files["list.m3u8"] = server.Files["list.m3u8"];
        (await Assert.ThrowsAsync<ManifestException>(() => other.OpenAsync())).Message.Should().EndWith("more than 1024 periods of what is listed at once");
    }

    [Theory]
    // By the wall clock; or, where there is none, by their ends.
    [InlineData("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:08Z 10 11 12", "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02Z 5 6 7 8", "0@0: 10@6 11@10 12@14", "0@0: 10@0 11@4 12@8 13@12")]
    [InlineData("10 11 12", "7 8 9 10 11", "0@0: 10@8 11@12 12@16", "0@0: 10@0 11@4 12@8 13@12 14@16")]
    [InlineData("10 11 12", "11 12", "0@0: 10@0 11@4 12@8", "0@0: 10@4 11@8")]
    [InlineData("10 #EXT-X-DISCONTINUITY 11 12", "9 10 #EXT-X-DISCONTINUITY 11 12", "0@0: 10@4 | 1@8: 11@0 12@4", "0@0: 10@0 11@4 | 1@8: 12@0 13@4")]
    public async Task Playlists_that_begin_at_different_times_are_placed_against_each_other(string video, string audio, string shown, string beside)
    {
        PlaylistServer server = new();
        server.Files["master.m3u8"] = static _ => Master;
        server.Files["video.m3u8"] = _ => PlaylistServer.List(10, video);
        server.Files["audio.m3u8"] = _ => PlaylistServer.List(10, audio);
        await server.OpenAsync("master.m3u8");
        server.Shown().Should().Be(shown);
        server.Shown(1).Should().Be(beside);
    }

    [Fact]
    public async Task A_period_begins_when_all_have_it_or_will_not_have_it()
    {
        PlaylistServer server = new();
        server.Files["master.m3u8"] = static _ => Master;
        server.Files["video.m3u8"] = server.Files["audio.m3u8"] = static _ => PlaylistServer.List(10, "10 11");
        await server.OpenAsync("master.m3u8");
        server.Files["video.m3u8"] = static _ => PlaylistServer.List(10, "10 11 #EXT-X-DISCONTINUITY 12");
        await server.AtAsync(4);
        server.Timeline.Periods.Should().ContainSingle();
        server.Timeline.Periods[0].Renditions[0].Segments.Next(40_000_000, server.Clock.GetUtcNow()).Kind.Should().Be(SegmentStepKind.Ended, "its own list goes on behind the discontinuity");
        server.Files["audio.m3u8"] = server.Files["video.m3u8"];
        await server.AtAsync(6);
        server.Shown(1).Should().Be("0@0: 10@0 11@4 | 1@8: 12@0");
        server.Files["video.m3u8"] = static _ => PlaylistServer.List(10, "10 11 #EXT-X-DISCONTINUITY 12 #EXT-X-DISCONTINUITY 13");
        await server.AtAsync(8);
        server.Timeline.Periods.Should().HaveCount(2);
        for (double time = 10; time <= 20; time += 2) await server.AtAsync(time);
        server.Shown().Should().Be("0@0: 10@0 11@4 | 1@8: 12@0 | 2@12: 13@0", "after three target durations nobody waits for it any more");
        server.Shown(1).Should().Be("0@0: 10@0 11@4 | 1@8: 12@0 | 2@12: -");
    }

    [Theory]
    [InlineData("#EXT-X-START:TIME-OFFSET=-6\n", 6)]
    [InlineData("#EXT-X-START:TIME-OFFSET=4\n", 8)]
    [InlineData("#EXT-X-START:TIME-OFFSET=40\n", 0)]
    [InlineData("", 12)]
    [InlineData("#EXT-X-SERVER-CONTROL:HOLD-BACK=14,PART-HOLD-BACK=1\n#EXT-X-PART-INF:PART-TARGET=0.33\n", 14)]
    [InlineData("#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=1\n#EXT-X-PART-INF:PART-TARGET=0.33\n", 12)]
    public async Task The_author_says_where_to_begin(string start, double delay)
    {
        PlaylistServer server = new();
        server.Files["list.m3u8"] = _ => PlaylistServer.List(10, "10 11 12", start);
        await server.OpenAsync();
        server.Timeline.Live!.SuggestedDelay.Should().Be(TimeSpan.FromSeconds(delay));
    }
}
