using System.Text;
using Keyway.Dash;
using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Protection;

public sealed class ProtectionMapTests
{
    private static readonly KeyId A = new(0xA), B = new(0xB), C = new(0xC);
    private static readonly ProtectionSource InMpd = new(ProtectionOrigin.Manifest, "/MPD"), InMoov = new(ProtectionOrigin.Movie, "moov/pssh"), InMoof = new(ProtectionOrigin.Fragment, "moof/pssh");

    [Fact]
    public void Content_without_any_header_has_its_default_keys()
    {
        ProtectionMap map = new ProtectionMapBuilder().Add(Track("v", InMpd, A)).Add(Track("a", InMpd, A, B)).Build();
        map.IsProtected.Should().BeTrue();
        map.Keys.Select(static key => (key.Id, string.Join(',', key.Tracks))).Should().Equal((A, "v,a"), (B, "a"));
        map.Headers.Should().BeEmpty();
        map.Conflicts.Should().BeEmpty();
        new ProtectionMapBuilder().Build().IsProtected.Should().BeFalse();
    }

    [Fact]
    public void The_same_header_in_several_places_is_one_entry_with_all_its_sources()
    {
        ProtectionMap map = new ProtectionMapBuilder()
            .Add(Track("v", InMpd, A)).Add(Track("v", InMoov, A))
            .Add(Header(InMpd, [1], "v")).Add(Header(InMoov, [1])).Add(Header(InMoof, [1])).Add(Header(InMpd, [1], "a"))
            .Build();
        ProtectionEntry entry = map.Headers.Should().ContainSingle().Subject;
        entry.Sources.Should().Equal(InMpd, InMoov, InMoof);
        entry.KeyIds.Should().Equal(A);
        entry.IsInferred.Should().BeTrue();
        map.Keys.Should().ContainSingle().Which.Sources.Should().Equal(InMpd, InMoov, InMoof);
        map.Conflicts.Should().BeEmpty();
    }

    [Fact]
    public void A_header_for_one_track_is_for_that_tracks_keys()
    {
        ProtectionMap map = new ProtectionMapBuilder().Add(Track("v", InMpd, A)).Add(Track("a", InMpd, B)).Add(Header(InMpd, [1], "v")).Add(Header(InMpd, [2], "a")).Build();
        map.Headers.Select(static entry => entry.KeyIds.Single()).Should().Equal(A, B);
    }

    [Fact]
    public void What_contradicts_is_reported_with_its_places()
    {
        ProtectionMap map = new ProtectionMapBuilder()
            .Add(Track("v", InMpd, A) with { Scheme = ProtectionScheme.Cenc }).Add(Track("v", InMoov, B) with { Scheme = ProtectionScheme.Cbcs })
            .Add(Header(InMpd, [1], "v", A)).Add(Header(InMoov, [2], null, A, C))
            .Build();
        map.Conflicts.Select(static conflict => conflict.Kind).Should().BeEquivalentTo(new[]
        {
            ProtectionConflictKind.DefaultKeyMismatch, ProtectionConflictKind.SchemeMismatch, ProtectionConflictKind.KeyWithoutHeader, ProtectionConflictKind.HeaderMismatch, ProtectionConflictKind.KeyWithoutTrack,
        });
        map.Conflicts.Should().OnlyContain(static conflict => conflict.Sources.Count > 0);
        map.Schemes.Should().Equal(ProtectionScheme.Cbcs);
    }

    [Fact]
    public void Different_headers_within_one_manifest_or_one_file_are_no_contradiction()
    {
        ProtectionMap map = new ProtectionMapBuilder().Add(Track("v", InMpd, A)).Add(Header(InMpd, [1], "v", A)).Add(Header(InMpd, [2], "v", A)).Add(Header(InMoov, [2], null, A)).Build();
        map.Conflicts.Should().BeEmpty();
    }

    [Fact]
    public void Keys_that_a_rotation_adds_contradict_no_manifest()
    {
        ProtectionMap map = new ProtectionMapBuilder().Add(Track("v", InMpd, A)).Add(Track("v", InMoov, A)).Add(Track("v", InMoof, B) with { IsDefault = false }).Build();
        map.Conflicts.Should().BeEmpty();
        map.Keys.Should().HaveCount(2);
    }

    [Fact]
    public void Whoever_knows_the_system_names_the_keys_and_a_header_that_nobody_can_read_is_kept()
    {
        ProtectionHeader? Decode(InitializationData data) => data.Payload.Span[0] switch
        {
            1 => new ProtectionHeader { System = data.System, Data = data.Payload, KeyIds = [A, B] },
            2 => throw new ProtectionHeaderException(data.System, "no"),
            3 => throw new InvalidOperationException("words with key=secret"),
            _ => null,
        };

        ProtectionMap map = new ProtectionMapBuilder().Add(Track("v", InMoov, A))
            .Add(Header(InMoov, [1])).Add(Header(InMoov, [2])).Add(Header(InMoov, [3])).Add(Header(InMoov, [4])).Build(Decode);
        map.Headers[0].KeyIds.Should().Equal(A, B);
        map.Headers[0].IsInferred.Should().BeFalse();
        map.Headers.Select(static entry => entry.Problem is not null).Should().Equal(false, true, true, false);
        map.Headers[2].Problem.Should().NotContain("secret");
        map.Conflicts.Select(static conflict => conflict.Kind).Should().Equal(ProtectionConflictKind.UnreadableHeader, ProtectionConflictKind.UnreadableHeader, ProtectionConflictKind.KeyWithoutTrack);
    }

    [Fact]
    public void A_manifest_tells_its_headers_objects_keys_and_servers()
    {
        const string Kid = "00000000-0000-0000-0000-00000000000a";
        Manifest manifest = Mpd.Read(Mpd.Around($"""
            <Period><AdaptationSet mimeType="video/mp4">
              <ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc" cenc:default_KID="{Kid}"/>
              <ContentProtection schemeIdUri="urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95"><mspr:pro>AQI=</mspr:pro><cenc:pssh>AQI=</cenc:pssh></ContentProtection>
              <ContentProtection schemeIdUri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"><dashif:Laurl>https://k.example/</dashif:Laurl></ContentProtection>
              <Representation id="1"/><Representation id="2"/>
            </AdaptationSet></Period>
            """));
        ProtectionMap map = new ProtectionMapBuilder().Add(manifest).Build();
        map.Keys.Should().ContainSingle().Which.Tracks.Should().Equal("/MPD/Period[0]/AdaptationSet[0]/Representation[0]", "/MPD/Period[0]/AdaptationSet[0]/Representation[1]");
        map.Headers.Should().ContainSingle("object and bare header are the same bytes").Which.Sources.Should().HaveCount(2);
        map.LicenseUrls.Should().ContainSingle().Which.Url.Host.Should().Be("k.example");
        map.Systems.Should().BeEquivalentTo(new[] { SystemIds.PlayReady, SystemIds.ClearKeyDashIf });
        map.Schemes.Should().Equal(ProtectionScheme.Cenc);
    }

    [Fact]
    public void A_header_keeps_its_whole_box_and_the_kind_of_what_it_was_read_from()
    {
        // Version 1, one key, flags that mean nothing to us, data 07, and a byte behind the data that no reader looks at.
        byte[] box = Convert.FromHexString("00000036" + "70737368" + "01abcdef" + "edef8ba979d64acea3c827dcd51d21ed" + "00000001" + "0000000000000000000000000000000a" + "00000001" + "07" + "ff");
        PsshBox.TryReadAll(box, out IReadOnlyList<PsshBox> found, out _).Should().BeTrue();
        ProtectionHeader? told = null;
        ProtectionMap map = new ProtectionMapBuilder().Add(new HeaderStatement { Box = found[0], Source = InMoov }).Build(Decode);
        InitializationData data = map.Headers[0].ToInitializationData();
        data.Box.ToArray().Should().Equal(box);
        data.Payload.ToArray().Should().Equal(7);
        (told!.Kind, told.InitDataType, Convert.ToHexString(told.InitData.Span)).Should().Be((InitializationDataKind.Pssh, "cenc", Convert.ToHexString(box)));

        ProtectionHeader? Decode(InitializationData data) => told = new Stated().Read(data);
    }

    [Theory]
    [InlineData(false, "0000002270737368" + "00000000" + "9a04f07998404286ab92e65be0885f95" + "00000002" + "0102")]
    [InlineData(true, "0000003670737368" + "01000000" + "9a04f07998404286ab92e65be0885f95" + "00000001" + "0000000000000000000000000000000a" + "00000002" + "0102")]
    public void What_stands_without_a_box_has_one_made_and_gives_way_to_one_that_was_found(bool boxed, string expected)
    {
        string box = boxed ? $"<cenc:pssh>{Convert.ToBase64String(Convert.FromHexString(expected))}</cenc:pssh>" : "";
        Manifest manifest = Mpd.Read(Mpd.Around($"""
            <Period><AdaptationSet mimeType="video/mp4">
              <ContentProtection schemeIdUri="urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95"><mspr:pro>AQI=</mspr:pro>{box}</ContentProtection>
              <Representation id="1"/>
            </AdaptationSet></Period>
            """));
        ProtectionEntry entry = new ProtectionMapBuilder().Add(manifest).Build().Headers.Should().ContainSingle().Subject;
        Convert.ToHexStringLower(entry.ToInitializationData().Box.Span).Should().Be(expected);
    }

    [Fact]
    public void Data_of_other_kinds_has_no_box_and_is_what_a_CDM_takes()
    {
        ProtectionHeader header = new Stated().Read(KeyIdsData.Create(SystemIds.Common, [A]));
        (header.InitDataType, header.Box.IsEmpty, Encoding.UTF8.GetString(header.InitData.Span)).Should().Be(("keyids", true, """{"kids":["AAAAAAAAAAAAAAAAAAAACg"]}"""));
        header = new Stated().Read(new InitializationData { Kind = InitializationDataKind.WebM, System = SystemIds.Common, Payload = new byte[] { 9 } });
        (header.InitDataType, Convert.ToHexString(header.InitData.Span)).Should().Be(("webm", "09"));
    }

    [Fact]
    public void A_hundred_thousand_representations_under_one_large_header_cost_little()
    {
        string header = Convert.ToBase64String(new byte[1 << 20]);
        StringBuilder sets = new();
        for (int i = 0; i < 100_000; i++) sets.Append("<Representation/>");
        Manifest manifest = Mpd.Read(Mpd.Around($"""<Period><AdaptationSet mimeType="video/mp4"><ContentProtection schemeIdUri="urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95" cenc:default_KID="00000000-0000-0000-0000-00000000000a"><mspr:pro>{header}</mspr:pro></ContentProtection>{sets}</AdaptationSet></Period>"""));
        new ProtectionMapBuilder().Add(manifest).Build().Headers.Should().ContainSingle().Which.Tracks.Should().HaveCount(100_000);
    }

    /// <summary>A key system that says nothing of what it was given.</summary>
    private sealed class Stated : IKeySystem
    {
        public KeySystemDescriptor Descriptor { get; } = new() { Name = "stated", Systems = [SystemIds.Widevine] };

        public ProtectionHeader ParseHeader(InitializationData data) => new() { System = data.System, Data = data.Payload };

        public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private static TrackStatement Track(string name, ProtectionSource source, params KeyId[] ids) => new() { Track = name, Source = source, KeyIds = ids };

    private static HeaderStatement Header(ProtectionSource source, byte[] data, string? track = null, params KeyId[] ids) =>
        new() { Box = new PsshBox { Version = (byte)(ids.Length > 0 ? 1 : 0), System = SystemIds.Widevine, KeyIds = ids, Data = data }, Source = source, Track = track };
}
