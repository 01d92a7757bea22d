using System.Buffers.Binary;
using System.IO.Pipelines;
using Keyway.MediaUnits;
using static Keyway.Mp4.BoxBytes;

namespace Keyway.Mp4.Clear;

/// <summary>One segment clear: as long as it was, its samples are those of the tables, and put back in its place it makes the file that is made of the whole.</summary>
public sealed class SegmentClearerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static ReferenceKeys Keys => new(PresentationBench.SampleKeys.ToDictionary(static key => key.Id, static key => key.Key));

    [Theory]
    [InlineData("video-180")]
    [InlineData("audio")]
    public async Task Segments_that_are_files_come_clear_in_any_order(string track)
    {
        string folder = PresentationBench.Sample($"cenc/{track}").LocalPath;
        byte[] init = File.ReadAllBytes(Path.Combine(folder, "init.mp4"));
        byte[] head = await SegmentClearer.ClearAsync(init, "init.mp4", null, Cancel);
        head.Should().HaveCount(init.Length);
        head.AsSpan().IndexOf("sinf"u8).Should().Be(-1);
        int count = Directory.GetFiles(folder, "*.m4s").Length;
        byte[][] clear = new byte[count][];
        foreach (int i in Enumerable.Range(0, count).Reverse())
        {
            byte[] segment = File.ReadAllBytes(Path.Combine(folder, $"{i + 1}.m4s"));
            foreach (bool stream in (bool[])[true, false])
            {
                MediaUnit unit = stream ? MediaUnit.Segment(new Trickle(segment), "s") : MediaUnit.Segment((byte[])[.. segment], "s");
                (clear[i], Mp4Summary summary) = await ClearAsync(init, unit);
                clear[i].Should().HaveCount(segment.Length);
                summary.BytesWritten.Should().Be(segment.Length);
            }
        }

        (await PresentationBench.SamplesAsync([.. head, .. clear.SelectMany(static each => each)])).Should().Equal(PresentationBench.Table(track));
    }

    [Theory]
    [InlineData("video-180")]
    [InlineData("audio")]
    public async Task Parts_of_a_file_put_back_make_the_clear_file(string track)
    {
        byte[] file = File.ReadAllBytes(PresentationBench.Sample($"cbcs/{track}.mp4").LocalPath);
        List<(int Start, int Length, string Type)> boxes = Top(file);
        int first = boxes.First(static box => box.Type == "moof").Start;
        byte[] init = file[..first], made = [.. file];
        (await SegmentClearer.ClearAsync(init, "init", null, Cancel)).CopyTo(made, 0);
        for (int i = 0; i < boxes.Count; i++)
        {
            if (boxes[i].Type != "moof") continue;
            byte[] part = file[boxes[i].Start..(boxes[i + 1].Start + boxes[i + 1].Length)];
            (byte[] clear, _) = await ClearAsync(init, MediaUnit.Segment(part, "part", origin: boxes[i].Start));
            clear.CopyTo(made, boxes[i].Start);
        }

        (await PresentationBench.SamplesAsync(made)).Should().Equal(PresentationBench.Table(track));
        using MemoryStream whole = new();
        PipeWriter pipe = PipeWriter.Create(whole);
        await Mp4Decryptor.DecryptAsync(new MemoryStream(file), "whole", Keys, pipe, null, Cancel);
        await pipe.FlushAsync(Cancel);
        made.Should().Equal(whole.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(700)]
    [InlineData(5_000_000_000)]
    public async Task Absolute_offsets_stay_those_of_the_file_that_it_is_a_part_of(long origin)
    {
        byte[] sample = Made.Sample(1, 50);
        byte[] segment = Join(
            Made.Moof(length => [Box("traf", Made.Tfhd(1, 1, U64((ulong)origin)), Made.Trun(length + 8, 50), Made.Senc(Made.Iv(1)))]),
            Box("mdat", Made.Encrypt(sample, Made.Iv(1), Made.Key)));
        (byte[] clear, _) = await ClearAsync(Made.Init, MediaUnit.Segment((byte[])[.. segment], "part", origin: origin), Made.Keys);
        clear.Should().HaveCount(segment.Length);
        clear[^50..].Should().Equal(sample);
        int at = clear.AsSpan().IndexOf("tfhd"u8);
        BinaryPrimitives.ReadInt64BigEndian(clear.AsSpan(at + 12)).Should().Be(origin);
    }

    [Fact]
    public async Task A_segment_that_brings_its_description_needs_none()
    {
        byte[] segment = Join(Made.Init, Made.Fragment(1, 30, 20));
        (byte[] clear, _) = await ClearAsync(default, MediaUnit.Segment((byte[])[.. segment], "own"), Made.Keys);
        clear.Should().HaveCount(segment.Length);
        await Made.ExpectSamplesAsync(clear, [Made.Sample(1, 30), Made.Sample(2, 20)]);
    }

    [Fact]
    public async Task What_is_no_segment_of_this_description_is_an_error()
    {
        Func<Task> without = () => ClearAsync(default, MediaUnit.Segment(Made.Fragment(1, 30), "alone"), Made.Keys);
        (await without.Should().ThrowAsync<MediaFormatException>()).WithMessage("alone*");
        Func<Task> cut = () => ClearAsync(Made.Init, MediaUnit.Segment(Made.Fragment(1, 30).AsMemory()[..^3], "cut"), Made.Keys);
        await cut.Should().ThrowAsync<MediaFormatException>();
        Func<Task> other = () => ClearAsync(Made.Init, MediaUnit.Segment(Made.Fragment(1, 30), "keyless"), ReferenceKeys.None);
        await other.Should().ThrowAsync<SampleDecryptionException>();
        Func<Task> nothing = async () => await SegmentClearer.ClearAsync(Made.Fragment(1, 30), "no init", null, Cancel);
        await nothing.Should().ThrowAsync<MediaFormatException>();
    }

    private static async Task<(byte[] Clear, Mp4Summary Summary)> ClearAsync(ReadOnlyMemory<byte> init, MediaUnit segment, IMediaKeys? keys = null)
    {
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        Mp4Summary summary = await SegmentClearer.WriteAsync(init, segment, keys ?? Keys, pipe, null, Cancel);
        await pipe.FlushAsync(Cancel);
        return (output.ToArray(), summary);
    }

    private static List<(int Start, int Length, string Type)> Top(byte[] file)
    {
        List<(int, int, string)> boxes = [];
        for (int at = 0; at < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            boxes.Add((at, length, System.Text.Encoding.ASCII.GetString(file, at + 4, 4)));
            at += length;
        }

        return boxes;
    }
}
