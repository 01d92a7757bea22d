using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Keyway.Mp4.Boxes;
using Keyway.Testing;

namespace Keyway.Mp4.Packing;

/// <summary>Samples that are put into MP4 come out as they went in: of our reader and of ffmpeg. The samples are those of <c>samples/</c>, checked by their table.</summary>
public sealed class SegmentPackerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("audio", "c5d31c60dee014a6f849c8f291262343", "35ba5fc50100a9577c8d46a44e58a13b")]
    [InlineData("video-180", "e4c06923e61b099ad7346945b908a3af", "23e4bf1e5af0e97ae92b38b6971edf19")]
    [SuppressMessage("Security", "CA5351", Justification = "The tables hold MD5, as ffmpeg's framemd5 does.")]
    public async Task Samples_come_out_as_they_went_in(string name, string kid, string key)
    {
        byte[] file = await PackAsync(name, kid, key);
        string[] expected = [.. (await File.ReadAllLinesAsync(Path.Combine(Corpus.Root, "samples", "expected", name + ".tsv"), Cancel)).Where(static row => row.Length > 0 && row[0] != '#').Select(static row => row.Split('\t')[2])];
        List<string> found = [];
        ulong end = 0;
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "packed", Cancel);
        Mp4Track track = reader.Tracks.Should().ContainSingle().Subject;
        track.IsProtected.Should().BeFalse();
        track.Language.Should().Be(name == "audio" ? "eng" : "und");
        (track.Codec, track.Width, track.Height).Should().Be(name == "audio" ? ("mp4a", 0, 0) : ("avc1.4d400c", 320, 180));
        using RawMediaKeys none = new();
        await foreach (ClearFragment fragment in reader.ReadAsync(none, cancellationToken: Cancel))
        {
            foreach (ClearSample sample in fragment.Samples)
            {
                sample.DecodeTime.Should().Be(end);
                end += sample.Duration;
                found.Add(Convert.ToHexStringLower(MD5.HashData(sample.Data.Span)));
            }
        }

        found.Should().Equal(expected);
        if (!Ffmpeg.Exists) Assert.Skip(Ffmpeg.Absent);
        string path = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(path, file, Cancel);
            (await Ffmpeg.ComplaintsAsync(path, Cancel)).Should().BeEmpty();
            Ffmpeg.Probe("-show_entries", "packet=data_hash", "-show_data_hash", "md5", "-of", "csv=p=0", path).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static row => row.Trim().Split(':')[^1].Trim(','))
                .Should().Equal(expected);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>The sample's track, decrypted with its public key, fragment by fragment in another file.</summary>
    private static async Task<byte[]> PackAsync(string name, string kid, string key)
    {
        byte[] original = await File.ReadAllBytesAsync(Path.Combine(Corpus.Root, "samples", "cbcs", name + ".mp4"), Cancel);
        using MemoryStream output = new();
        using RawMediaKeys keys = new();
        KeyId.TryParse(kid, out KeyId id).Should().BeTrue();
        keys.Add(id, Convert.FromHexString(key));
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(original), name, Cancel);
        SegmentPacker packer = new();
        PackedTrack track = new()
        {
            Id = 7,
            Handler = name == "audio" ? FourCc.Soun : FourCc.Vide,
            Timescale = reader.Tracks[0].Timescale,
            Width = name == "audio" ? 0 : 320,
            Height = name == "audio" ? 0 : 180,
            Language = name == "audio" ? "eng" : "nothing",
            SampleEntry = name == "audio" ? SampleEntries.Aac(2, 48000, [0x11, 0x90]) : SampleEntries.Visual(FourCc.Avc1, 320, 180, FourCc.AvcC, Configuration(original)),
        };
        uint sequence = 0;
        await foreach (ClearFragment fragment in reader.ReadAsync(keys, cancellationToken: Cancel))
        {
            packer.Clear();
            if (sequence == 0) packer.WriteMovie([track]);
            ClearSample[] samples = [.. fragment.Samples];
            packer.WriteFragment(
                track, ++sequence, samples[0].DecodeTime, [.. samples.Select(static sample => new PackedSample(sample.Data.Length, sample.Duration, sample.CompositionOffset, sample.IsSync))],
                [.. samples.SelectMany(static sample => sample.Data.ToArray())]);
            output.Write(packer.Written.Span);
        }

        return output.ToArray();
    }

    private static byte[] Configuration(byte[] file)
    {
        int at = file.AsSpan().IndexOf("avcC"u8);
        return file[(at + 4)..(at - 4 + System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at - 4)))];
    }
}
