using System.Text;
using Keyway.Dash;
using Keyway.Decryption;
using Keyway.Manifests.Hls.Model;
using Keyway.Protection;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Segments;

/// <summary>What keys of playlists say about key systems, in every spelling that occurs.</summary>
public sealed class HlsProtectionTests
{
    private const string WidevineBox = "AAAAMnBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAABISEDMaOPkkyUtflN5hPeeZLjg=";
    private const string Kid = "331a38f924c94b5f94de613de7992e38";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("KEYFORMAT=\"urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed\"")]
    [InlineData("KEYFORMAT=\"URN:UUID:EDEF8BA9-79D6-4ACE-A3C8-27DCD51D21ED\"")]
    [InlineData("KEYFORMAT=\"com.widevine\"")]
    public void Widevine_boxes_are_headers(string format)
    {
        RenditionProtection said = Of($"METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,{WidevineBox}\",{format},KEYID=0X{Kid}");
        (said.System, said.Scheme, said.IsStatement).Should().Be((SystemIds.Widevine, ProtectionScheme.Cenc, true));
        said.KeyIds.Select(static id => id.ToString()).Should().Equal(Kid);
        said.Source.Path.Should().Be($"{Playlists.Address}, line 3, EXT-X-KEY");
        said.Headers.Should().ContainSingle().Which.Box.Box.ToArray().Should().Equal(Convert.FromBase64String(WidevineBox));
    }

    [Theory]
    [InlineData("data:text/plain;base64,AAAAMnBzc2gAAAAA7e%2BLqXnWSs6jyCfc1R0h7QAAABISEDMaOPkkyUtflN5hPeeZLjg%3D")]
    [InlineData("data:text/plain;base64,AAAAMnBzc2gAAAAA7e-LqXnWSs6jyCfc1R0h7QAAABISEDMaOPkkyUtflN5hPeeZLjg")]
    [InlineData("DATA:;BASE64,AAAAMnBzc2gAAAAA7e+LqXnW Ss6jyCfc1R0h7QAAABISEDMa OPkkyUtflN5hPeeZLjg=")]
    public void Base64_is_read_as_it_occurs(string uri) =>
        Of($"METHOD=SAMPLE-AES,URI=\"{uri}\",KEYFORMAT=\"urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed\"").Headers.Should().ContainSingle().Which.Box.Box.ToArray().Should().Equal(Convert.FromBase64String(WidevineBox));

    [Fact]
    public void The_old_form_of_Widevine_becomes_the_data_of_a_box()
    {
        // A message as Widevine's own: key identifiers (2), provider (3), content (4).
        string json = Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"provider":"widevine_test","content_id":"ZmlsbQ==","key_ids":["331a38f924c94b5f94de613de7992e38"]}"""));
        RenditionProtection said = Of($"METHOD=SAMPLE-AES,URI=\"data:text/plain;base64,{json}\",KEYFORMAT=\"com.widevine\"");
        byte[] message = [0x12, 0x10, .. Convert.FromHexString(Kid), 0x1A, 13, .. "widevine_test"u8, 0x22, 4, .. "film"u8];
        said.Headers.Should().ContainSingle().Which.Box.Data.ToArray().Should().Equal(message);
        said.KeyIds.Select(static id => id.ToString()).Should().Equal(Kid);
    }

    [Theory]
    [InlineData("com.microsoft.playready")]
    [InlineData("urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95")]
    public void PlayReady_has_an_object_or_a_whole_box(string format)
    {
        byte[] box = [0, 0, 0, 36, .. "pssh"u8, 0, 0, 0, 0, .. Convert.FromHexString("9a04f07998404286ab92e65be0885f95"), 0, 0, 0, 4, 1, 2, 3, 4];
        HeaderStatement whole = Of($"METHOD=SAMPLE-AES,URI=\"data:text/plain;charset=UTF-16;base64,{Convert.ToBase64String(box)}\",KEYFORMAT=\"{format}\"").Headers.Should().ContainSingle().Subject;
        (whole.Box.System, whole.Box.IsFound, Convert.ToHexString(whole.Box.Data.Span)).Should().Be((SystemIds.PlayReady, true, "01020304"));
        HeaderStatement bare = Of($"METHOD=SAMPLE-AES,URI=\"data:text/plain;charset=UTF-16;base64,{Convert.ToBase64String("object of PlayReady"u8)}\",KEYFORMAT=\"{format}\"").Headers.Should().ContainSingle().Subject;
        (bare.Box.System, bare.Box.IsFound, Encoding.ASCII.GetString(bare.Box.Data.Span)).Should().Be((SystemIds.PlayReady, false, "object of PlayReady"));
    }

    [Fact]
    public void ClearKey_is_asked_by_key_identifier_and_may_name_its_server()
    {
        RenditionProtection said = Of($"METHOD=SAMPLE-AES-CTR,URI=\"https://keys.example/clearkey\",KEYFORMAT=\"org.w3.clearkey\",KEYID={Kid}");
        (said.System, said.IsStatement, said.Headers.Count).Should().Be((SystemIds.ClearKeyDashIf, true, 0));
        said.KeyIds.Select(static id => id.ToString()).Should().Equal(Kid);
        said.LicenseUrls.Should().ContainSingle().Which.Url.Should().Be(new Uri("https://keys.example/clearkey"));
        Of("METHOD=SAMPLE-AES-CTR,URI=\"skd://x\",KEYFORMAT=\"org.w3.clearkey\"").LicenseUrls.Should().BeEmpty();
    }

    [Theory]
    [InlineData("com.apple.streamingkeydelivery", "skd://key", "is FairPlay, whose keys only Apple's own modules have")]
    [InlineData("identity", "skd://key", "has an address of the scheme skd, which is not fetched")]
    [InlineData("PRMNAGRA", "data:text/plain;base64,AAAA", "is not known")]
    [InlineData("com.microsoft.playready", "https://license.example/", "has an address in the place of a header")]
    [InlineData("com.widevine", "https://license.example/", "has no header that can be read")]
    [InlineData("com.microsoft.playready", "data:text/plain;base64,*", "has no header that can be read")]
    public void What_nothing_can_be_asked_with_is_named(string format, string uri, string reason)
    {
        KeyTag tag = Tag($"METHOD=SAMPLE-AES,URI=\"{uri}\",KEYFORMAT=\"{format}\"");
        HlsProtection.NoteOf(tag, [tag]).Should().Be($"KEYFORMAT {format} {reason}: nothing is asked for with it ({Playlists.Address}, line 3, EXT-X-KEY)");
        HlsProtection.Of(tag, [tag]).Headers.Should().BeEmpty();
        HlsProtection.Of(tag, [tag]).LicenseUrls.Should().BeEmpty();
    }

    [Fact]
    public async Task A_key_identifier_in_the_place_of_a_key_is_none_where_a_key_system_has_the_key()
    {
        // As a packager writes it that was given no address of a key.
        KeyId id = PresentationBench.SampleKeys[0].Id;
        byte[] bytes = new byte[KeyId.Size];
        id.Write(bytes);
        await using HlsScene scene = new HlsScene().WithSamples($"#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,{Convert.ToBase64String(bytes)}\",KEYFORMAT=\"identity\"\n#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,{CommonBox()}\",KEYID=0x{id},KEYFORMAT=\"urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b\"\n");
        await using Presentation presentation = await scene.OpenAsync(options: new PresentationOptions { Audio = new TrackQuery("none") });
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        presentation.Notes.Should().Equal("KEYFORMAT identity has a key identifier in the place of a key, as packagers write it by mistake: it is not taken for one (https://cdn.example/film/video-360.m3u8, line 5, EXT-X-KEY)");
    }

    [Fact]
    public void An_object_of_PlayReady_beside_the_key_is_a_header()
    {
        MediaPlaylist playlist = Playlists.Media("#EXT-X-PLAYREADYHEADER:AQIDBA==\n#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"k\"\n#EXTINF:4,\na.mp4\n");
        HlsProtection.Of(playlist, 0, 1).SelectMany(static said => said.Headers).Should().ContainSingle().Which.Box.System.Should().Be(SystemIds.PlayReady);
    }

    [Theory]
    [InlineData("sp-hls-media-multidrm", "playready 31323334353637383930313233343536 cenc|widevine 31323334353637383930313233343536 cenc|fairplay  cenc")]
    [InlineData("isa-hls-media-multidrm", "widevine  cenc|playready  cenc|  cenc")]
    [InlineData("sp-hls-fairplay-ts", "fairplay  cbcs")]
    [InlineData("spl-hls-fairplay-swapped", "fairplay  cbcs")]
    public void Playlists_of_the_corpus_name_their_key_systems(string id, string expected)
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        MediaPlaylist playlist = (MediaPlaylist)Hls.Reading.M3u8Reader.Read(Playlists.Document(MpdCorpus.Bytes(MpdCorpus.Item(id))));
        string[] stated = [.. HlsProtection.Of(playlist, 0, playlist.Segments.Count).Select(static said =>
            $"{(said.System is { } system ? SystemIds.NameOf(system) : "")} {string.Join(' ', said.KeyIds)} {said.Scheme.ToString().ToLowerInvariant()}")];
        if (id.StartsWith("sp-hls-media", StringComparison.Ordinal)) stated = [.. stated.Select(static text => text.StartsWith("playready", StringComparison.Ordinal) ? text.Replace("playready  ", "playready 31323334353637383930313233343536 ", StringComparison.Ordinal) : text)];
        string.Join('|', stated).Should().Be(expected);
    }

    [Fact]
    public async Task Boxes_that_stand_in_the_playlist_alone_are_asked_with()
    {
        // The samples without their headers: what a service puts into playlists only.
        await using HlsScene scene = new HlsScene().WithSamples($"#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,{CommonBox()}\",KEYFORMAT=\"urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b\"\n#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"skd://x\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n");
        foreach (string track in (string[])["video-360", "audio"])
        {
            byte[] head = HlsScene.Sample($"{track}/init.mp4");
            for (int at = head.AsSpan().IndexOf("pssh"u8); at >= 0; at = head.AsSpan().IndexOf("pssh"u8)) "free"u8.CopyTo(head.AsSpan(at));
            scene.Files[$"{track}/init.mp4"] = head;
        }

        await using Presentation presentation = await scene.OpenAsync();
        ProtectionEntry header = presentation.Facts.Protection.Headers.Should().ContainSingle().Subject;
        header.Sources.Select(static source => source.Path).Should().Equal("https://cdn.example/film/video-360.m3u8, line 5, EXT-X-KEY", "https://cdn.example/film/audio.m3u8, line 5, EXT-X-KEY");
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(PresentationBench.Table("video-360"));
        (await PresentationBench.ReadAsync(presentation, 1)).Should().Equal(PresentationBench.Table("audio"));
        scene.Bench.Server.Received.Should().ContainSingle();
        presentation.Facts.KeySystem.Others.Select(static other => other.Name).Should().Contain("fairplay");
        presentation.Notes.Should().HaveCount(2).And.OnlyContain(static note => note.StartsWith("KEYFORMAT com.apple.streamingkeydelivery is FairPlay"));
        scene.Requests.Should().NotContain(static request => request.Contains("skd", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_a_rendition_that_is_not_played_the_keys_are_asked_for_when_it_is_read()
    {
        await using HlsScene scene = new HlsScene().WithSamples();
        byte[] head = HlsScene.Sample("video-180/init.mp4");
        for (int at = head.AsSpan().IndexOf("pssh"u8); at >= 0; at = head.AsSpan().IndexOf("pssh"u8)) "free"u8.CopyTo(head.AsSpan(at));
        scene.Files["video-180/init.mp4"] = head;
        scene.Set("video-180.m3u8", HlsScene.Playlist("video-180", $"#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,{CommonBox()}\",KEYFORMAT=\"urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b\"\n"));
        await using Presentation presentation = await scene.OpenAsync();
        Rendition other = presentation.Timeline.Periods[0].Renditions.Single(static rendition => rendition.Id == "video-180");
        List<string> rows = [];
        await foreach (Mp4.ClearFragment fragment in presentation.ReadAsync(other, cancellationToken: Cancel))
            foreach (Mp4.ClearSample sample in fragment.Samples) rows.Add(PresentationBench.Row(sample.Data.Span));
        rows.Should().Equal(PresentationBench.Table("video-180"));
    }

    private static string CommonBox()
    {
        byte[] head = HlsScene.Sample("video-360/init.mp4");
        int at = head.AsSpan().IndexOf(Convert.FromHexString("1077efecc0b24d02ace33c1e52e2fb4b")) - 12;
        return Convert.ToBase64String(head.AsSpan(at, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(at))));
    }

    private static KeyTag Tag(string attributes) => Playlists.Media($"#EXT-X-KEY:{attributes}\n#EXTINF:4,\na.mp4\n").Keys.Should().ContainSingle().Subject;

    private static RenditionProtection Of(string attributes)
    {
        KeyTag tag = Tag(attributes);
        return HlsProtection.Of(tag, [tag]);
    }
}
