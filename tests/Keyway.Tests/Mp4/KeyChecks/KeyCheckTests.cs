using System.IO.Pipelines;
using Keyway.Decryption;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Samples;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.CorpusRuns;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4.KeyChecks;

/// <summary>A wrong key is noticed where the samples say it, and a right one is never called wrong.</summary>
public sealed class KeyCheckTests
{
    // Formats of which a few samples say enough, however they are protected in the corpus.
    private static readonly string[] Checkable = ["ec-3", "fLaC", "vp08", "mp4a", "Opus", "vp09"];

    // Files with NAL units that have enough of them, protected to their ends.
    private static readonly string[] ManyUnits = ["sp-unit-cenc-aux", "sp-unit-cenc-senc", "spl-dash-clearkey", "spl-hls-sample-aes-ctr-media", "mp4ff-piff-video"];

    private static readonly string[] Units = ["avc1", "avc3", "hvc1", "hev1", "dvh1", "dvhe"];
    private static readonly byte[] WrongKey = [.. Key.Select(b => (byte)(b ^ 0x5A))];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Decryptable() => Ids(i => i.IsMedia && i.Expected.Count > 0);

    [Theory]
    [MemberData(nameof(Decryptable))]
    public async Task No_key_of_the_corpus_is_called_wrong(string id)
    {
        CorpusItem item = Find(id);
        (_, Mp4Summary clear) = await DecryptAsync(item);
        (_, Mp4Summary merged) = await CorpusRuns.MergeAsync(item);
        foreach (Mp4TrackSummary track in clear.Tracks.Concat(merged.Tracks)) ShouldSayWhatIsPossible(track);
    }

    [Theory]
    [MemberData(nameof(Decryptable))]
    public async Task A_wrong_key_of_the_corpus_is_noticed_where_it_can_be(string id)
    {
        CorpusItem item = Find(id);
        using RawMediaKeys wrong = new();
        foreach ((KeyId kid, byte[] key) in item.Keys) wrong.Add(kid, [.. key.Select(b => (byte)~b)]);
        List<Func<Task<Mp4Summary>>> ways =
        [
            async () =>
            {
                await using Stream input = item.Open();
                return await Mp4Decryptor.DecryptAsync(input, item.Id, wrong, PipeWriter.Create(Stream.Null), null, Cancel);
            },
            async () =>
            {
                await using Stream input = item.Open();
                return await TrackMerger.MergeAsync([new MergeInput { Input = input, Name = item.Id, Keys = wrong }], PipeWriter.Create(Stream.Null), null, Cancel);
            },
        ];
        bool checkable = ManyUnits.Contains(id) || (await InspectAsync(item)).Tracks.Any(track => Checkable.Contains(track.Track.Codec) && track.ProtectedSamples > 0);
        foreach (Func<Task<Mp4Summary>> way in ways)
        {
            if (!checkable)
            {
                foreach (Mp4TrackSummary track in (await way()).Tracks) ShouldSayWhatIsPossible(track, wrong: true);
                continue;
            }

            SampleDecryptionException refusal = (await way.Should().ThrowAsync<SampleDecryptionException>()).Which;
            refusal.KeyDoesNotFit.Should().BeTrue();
            item.Keys.Keys.Should().Contain(refusal.KeyId);
            refusal.Message.Should().Contain("the key does not fit").And.StartWith(item.Id);
        }
    }

    /// <summary>Real AV1 samples in the clear, as they would be after whole-sample decryption.</summary>
    [Theory]
    [InlineData("sp-cenc-av1")]
    [InlineData("m3-clearkey-av1")]
    public async Task A_real_AV1_sample_is_known_and_a_scrambled_one_is_not(string id)
    {
        (byte[] clear, _) = await DecryptAsync(Find(id));
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(clear), id, Cancel);
        int samples = 0, mistaken = 0;
        await foreach (ClearFragment fragment in reader.ReadAsync(ReferenceKeys.None, null, Cancel))
        {
            foreach (ClearSample sample in fragment.Samples)
            {
                samples++;
                // A frame that shows an earlier one is a few bytes long: too short to tell.
                KeySignature.Judge(FourCc.Av01, sample.Data.Span, Whole()).Should().Be(sample.Data.Length < 16 ? null : true);
                if (KeySignature.Judge(FourCc.Av01, Encrypt(sample.Data.ToArray(), Iv(samples), WrongKey), Whole()) == true) mistaken++;
            }
        }

        samples.Should().BeGreaterThan(20);
        mistaken.Should().BeLessThan(samples / 10);
    }

    [Theory]
    [InlineData("av01")]
    [InlineData("ac-3")]
    public async Task Whole_samples_tell(string format)
    {
        byte[] file = Protected(format, Kid, Key, Kid, 4);
        (_, Mp4Summary summary) = await DecryptAsync(file);
        summary.Tracks[0].KeyCheck!.Result.Should().Be(Mp4KeyCheckResult.Fits);
        SampleDecryptionException refusal = await RefusedAsync<SampleDecryptionException>(Protected(format, Kid, WrongKey, Kid, 4));
        refusal.KeyDoesNotFit.Should().BeTrue();
        refusal.KeyId.Should().Be(Kid);
        refusal.SampleNumber.Should().Be(3);
    }

    [Fact]
    public async Task Two_samples_are_too_few_and_are_called_doubtful()
    {
        (_, Mp4Summary summary) = await DecryptAsync(Protected("ac-3", Kid, WrongKey, Kid, 2));
        summary.Tracks[0].KeyCheck.Should().Be(new Mp4KeyCheck(Mp4KeyCheckResult.Doubtful, "ac-3, sync word or CRC"));
    }

    [Fact]
    public async Task Fragments_of_one_sample_each_are_counted_together()
    {
        byte[] init = InitOf("ac-3", Kid), one = FragmentOf("ac-3", WrongKey, 1);
        await RefusedAsync<SampleDecryptionException>(Join(init, one, one, one));
    }

    [Fact]
    public async Task Each_key_is_checked_by_itself()
    {
        // The second key is the wrong one, and every other sample has the first.
        byte[][] samples = [.. Enumerable.Range(0, 8).Select(i => Encrypt(SampleOf("ac-3", i), Iv(i), i % 2 == 0 ? Key : WrongKey))];
        byte[] moof = Moof(length =>
        [
            Box("traf", Tfhd(), Tfdt(0), Trun(length + 8, [.. samples.Select(s => s.Length)]), Sgpd(Seig(OtherKid)),
                Sbgp([.. Enumerable.Range(0, 8).SelectMany(i => (uint[])[1, i % 2 == 0 ? 0 : 0x10001u])]), Senc([.. samples.Select((_, i) => Iv(i))])),
        ]);
        (await RefusedAsync<SampleDecryptionException>(Join(InitOf("ac-3", Kid), moof, Box("mdat", samples)))).KeyId.Should().Be(OtherKid);
    }

    [Fact]
    public async Task Damage_after_the_key_has_shown_itself_is_not_the_key_s_fault()
    {
        byte[] file = Join(InitOf("ac-3", Kid), FragmentOf("ac-3", Key, 3), FragmentOf("ac-3", WrongKey, 9));
        (_, Mp4Summary summary) = await DecryptAsync(file);
        summary.Tracks[0].KeyCheck!.Result.Should().Be(Mp4KeyCheckResult.Fits);
    }

    [Fact]
    public void What_lies_in_clear_bytes_says_nothing()
    {
        byte[] wrong = Sample(1, 64);
        Judge([new Subsample { ClearBytes = 2, ProtectedBytes = 62 }]).Should().BeNull();
        Judge([new Subsample { ClearBytes = 0, ProtectedBytes = 8 }, new Subsample { ClearBytes = 56, ProtectedBytes = 0 }], ProtectionScheme.Cbcs).Should().BeNull("a partial block stays clear");
        Judge([new Subsample { ClearBytes = 0, ProtectedBytes = 8 }, new Subsample { ClearBytes = 56, ProtectedBytes = 0 }]).Should().BeFalse();
        Judge([new Subsample { ClearBytes = 0, ProtectedBytes = 64 }], ProtectionScheme.Cbcs).Should().BeFalse();
        KeySignature.Judge(FourCc.Avc1, wrong, Whole()).Should().BeNull();

        bool? Judge(Subsample[] map, ProtectionScheme scheme = ProtectionScheme.Cenc) =>
            KeySignature.Judge(FourCc.Ac3, wrong, new SampleProtection { Scheme = scheme, KeyId = Kid, InitializationVector = Iv(1), Subsamples = map });
    }

    [Fact]
    public void Looking_allocates_nothing()
    {
        KeyCheck check = new();
        byte[] sample = SampleOf("ac-3", 1), picture = Join(U32(60), [0x65], Sample(7, 59));
        SampleProtection whole = Whole();
        byte[] vector = new byte[8];
        SampleEntry sound = EntryOf(Enca(Sinf("ac-3"))), pictures = EntryOf(Join(Enca(Sinf("avc1"), Box("avcC", Hex("01 64 00 1F FF E0 00")))));
        pictures.Syntax.LengthSize.Should().Be(4);
        check.Of(Kid).Accepts(sound, sample, whole);
        check.Of(OtherKid).Accepts(pictures, picture, whole);
        Allocations.Least(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                SampleProtection each = new() { Scheme = ProtectionScheme.Cenc, KeyId = Kid, InitializationVector = vector };
                check.Of(Kid).Accepts(sound, sample, each);
                check.Of(OtherKid).Accepts(pictures, picture, each);
            }
        }).Should().Be(0);
    }

    [Fact]
    public async Task How_much_was_looked_at_is_said_of_each_key()
    {
        (_, Mp4Summary summary) = await DecryptAsync(Protected("ac-3", Kid, Key, Kid, 9));
        summary.Tracks[0].CheckedKeys.Should().Equal(new Mp4CheckedKey(Kid, Mp4KeyCheckResult.Fits, 3, 3 * 64));
        (_, summary) = await DecryptAsync(Protected("mp4a", Kid, Key, Kid, 9));
        summary.Tracks[0].CheckedKeys.Should().BeEmpty("without a description of the stream nothing is known of its samples");
        summary.Tracks[0].KeyCheck!.Result.Should().Be(Mp4KeyCheckResult.NotPossible);
    }

    [Fact]
    public void A_track_is_as_well_known_as_the_key_that_is_known_least()
    {
        Together(Mp4KeyCheckResult.Fits, Mp4KeyCheckResult.NotPossible).Should().Be(Mp4KeyCheckResult.Fits);
        Together(Mp4KeyCheckResult.Fits, Mp4KeyCheckResult.TooLittle).Should().Be(Mp4KeyCheckResult.TooLittle);
        Together(Mp4KeyCheckResult.Doubtful, Mp4KeyCheckResult.TooLittle).Should().Be(Mp4KeyCheckResult.Doubtful);
        Together().Should().Be(Mp4KeyCheckResult.NotPossible);

        static Mp4KeyCheckResult Together(params Mp4KeyCheckResult[] results) => Mp4CheckedKey.Together([.. results.Select(result => new Mp4CheckedKey(Kid, result, 1, 1))]);
    }

    private static SampleEntry EntryOf(byte[] entry)
    {
        Boxes.Stsd.TryRead(Parse(Stsd(entry)), FourCc.Soun, [], out List<SampleEntry> entries, out _).Should().BeTrue();
        return entries[0];
    }

    private static void ShouldSayWhatIsPossible(Mp4TrackSummary track, bool wrong = false)
    {
        if (track.ProtectedSamples == 0)
        {
            track.KeyCheck.Should().BeNull();
            return;
        }

        string codec = track.Track.Codec.Split('.')[0];
        Mp4KeyCheckResult[] possible = Units.Contains(codec)
            ? wrong ? [Mp4KeyCheckResult.TooLittle, Mp4KeyCheckResult.Doubtful] : [Mp4KeyCheckResult.TooLittle, Mp4KeyCheckResult.Fits]
            : [Checkable.Contains(codec) ? Mp4KeyCheckResult.Fits : Mp4KeyCheckResult.NotPossible];
        track.KeyCheck!.Result.Should().BeOneOf(possible);
        track.KeyCheck.Reason.Should().StartWith(codec + ", ");
        if (codec == "avc1") track.KeyCheck.Reason.Should().Be("avc1, NAL units");
        if (codec == "mp4a") track.KeyCheck.Reason.Should().Be("mp4a, first element");
        if (codec == "ac-4") track.KeyCheck.Reason.Should().Be("ac-4, subsamples");
        if (track.KeyCheck.Result != Mp4KeyCheckResult.NotPossible) track.CheckedKeys.Select(static key => key.KeyId).Should().BeEquivalentTo(track.KeyIds);
    }

    private static SampleProtection Whole() => new() { Scheme = ProtectionScheme.Cenc, KeyId = Kid, InitializationVector = new byte[8] };

    private static byte[] Protected(string format, KeyId kid, byte[] key, KeyId announced, int count) => Join(InitOf(format, announced), FragmentOf(format, key, count));

    private static byte[] InitOf(string format, KeyId kid) => Moov(Trak(1, Stsd(Enca(Sinf(format, Tenc(kid: kid))))));

    private static byte[] FragmentOf(string format, byte[] key, int count)
    {
        byte[][] samples = [.. Enumerable.Range(0, count).Select(i => Encrypt(SampleOf(format, i), Iv(i), key))];
        byte[] moof = Moof(length => [Box("traf", Tfhd(), Trun(length + 8, [.. samples.Select(s => s.Length)]), Senc([.. samples.Select((_, i) => Iv(i))]))]);
        return Join(moof, Box("mdat", samples));
    }

    /// <summary>AV1: metadata and a frame with sizes, and then a frame that ends with the sample.</summary>
    private static byte[] SampleOf(string format, int number) => format == "av01"
        ? Join([0x2A, 0x02, 1, 2], [0x32, 0x81, 0x01], Sample(number, 129), [0x34, 0x08], Sample(number, 20))
        : Join([0x0B, 0x77], Sample(number, 62));
}
