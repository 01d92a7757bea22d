using Keyway.Decryption;

namespace Keyway.Mp4.Reading;

/// <summary>Samples as they are, with what opens them: somebody's own decryptor, here the plain one of the tests, makes of them what the tables of the sample say.</summary>
public sealed class ProtectedReadingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("cenc", "video-180", ProtectionScheme.Cenc, 8, false)]
    [InlineData("cenc", "audio", ProtectionScheme.Cenc, 8, false)]
    [InlineData("cbcs", "video-180", ProtectionScheme.Cbcs, 16, true)]
    [InlineData("cbcs", "audio", ProtectionScheme.Cbcs, 16, true)]
    public async Task What_comes_with_a_sample_opens_it(string folder, string track, ProtectionScheme scheme, int vector, bool isConstant)
    {
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(Bytes(folder, track)), track, Token);
        ReferenceKeys keys = new(PresentationBench.SampleKeys.ToDictionary(static key => key.Id, static key => key.Key));
        List<string> rows = [], stored = [];
        int hidden = 0;
        await foreach (ProtectedFragment fragment in reader.ReadProtectedAsync(null, null, Token))
        {
            fragment.Track.IsProtected.Should().BeTrue();
            using IFragmentDecryptor decryptor = await keys.LeaseAsync(new FragmentNeeds { Track = fragment.Track, Scheme = scheme, KeyIds = [] }, Token);
            int count = 0;
            foreach (ProtectedSample sample in fragment.Samples)
            {
                stored.Add(PresentationBench.Row(sample.Data.Span));
                byte[] bytes = sample.Data.ToArray();
                if (sample.Encryption is { } how)
                {
                    count++;
                    how.Scheme.Should().Be(scheme);
                    how.InitializationVector.Length.Should().Be(vector);
                    how.IsConstant.Should().Be(isConstant);
                    if (how.Subsamples.Count > 0) how.Subsamples.Sum(static each => each.ClearBytes + each.ProtectedBytes).Should().Be(bytes.Length);
                    decryptor.Decrypt(bytes, new SampleProtection
                    {
                        Scheme = how.Scheme,
                        KeyId = how.KeyId,
                        InitializationVector = how.InitializationVector.Span,
                        Subsamples = how.Subsamples.ToArray(),
                        CryptBlocks = how.CryptBlocks,
                        SkipBlocks = how.SkipBlocks,
                    }).Should().Be(DecryptStatus.Decrypted);
                }

                rows.Add(PresentationBench.Row(bytes));
            }

            hidden += count;
        }

        rows.Should().Equal(PresentationBench.Table(track));
        stored.Should().NotEqual(rows);
        hidden.Should().BePositive();
        keys.Asked.Should().OnlyContain(static needs => needs.KeyIds.Count == 0, "no key was asked for but by this test");
    }

    [Fact]
    public async Task Clear_samples_of_a_protected_track_say_nothing_and_keys_change_with_groups()
    {
        byte[] one = Made.Sample(1, 40), two = Made.Sample(2, 40), three = Made.Sample(3, 40);
        byte[] moof = Made.Moof(length =>
        [
            BoxBytes.Box("traf", Made.Tfhd(), Made.Tfdt(0), Made.Trun(length + 8, 40, 40, 40), Made.Sgpd(Made.Seig(Made.OtherKid), Made.Seig(default, isProtected: false, ivSize: 0)), Made.Sbgp(1, 0x10001, 1, 0x10002, 1, 0), BoxBytes.Full("senc", 0, 0, BoxBytes.U32(3), Made.Iv(1), Made.Iv(3))),
        ]);
        byte[] file = BoxBytes.Join(Made.Init, moof, BoxBytes.Box("mdat", Made.Encrypt(one, Made.Iv(1), Made.OtherKey), two, Made.Encrypt(three, Made.Iv(3), Made.Key)));
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "made", Token);
        List<SampleEncryption?> found = [];
        await foreach (ProtectedFragment fragment in reader.ReadProtectedAsync(null, null, Token))
        {
            fragment.ProtectedCount.Should().Be(2);
            found.AddRange(fragment.Samples.Select(static sample => sample.Encryption));
            fragment.Samples.ElementAt(1).Data.ToArray().Should().Equal(two);
        }

        found.Select(static each => each?.KeyId).Should().Equal(Made.OtherKid, null, Made.Kid);
        found[0]!.InitializationVector.ToArray().Should().Equal(Made.Iv(1));
        found[2]!.InitializationVector.ToArray().Should().Equal(Made.Iv(3));
    }

    private static byte[] Bytes(string folder, string track)
    {
        string place = PresentationBench.Sample($"{folder}/{track}").LocalPath;
        if (!Directory.Exists(place)) return File.ReadAllBytes(place + ".mp4");
        return [.. File.ReadAllBytes(Path.Combine(place, "init.mp4")), .. Enumerable.Range(1, Directory.GetFiles(place, "*.m4s").Length).SelectMany(i => File.ReadAllBytes(Path.Combine(place, $"{i}.m4s")))];
    }
}
