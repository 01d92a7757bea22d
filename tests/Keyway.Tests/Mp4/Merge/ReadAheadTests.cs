using System.Collections.Concurrent;
using System.IO.Pipelines;
using Keyway.Decryption;
using Keyway.MediaUnits;
using Keyway.Mp4.Reading;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4.Merge;

/// <summary>Inputs of a merged file are read and decrypted ahead: several fragments at once, within bounds, keys in order, and nothing of it is seen in what comes out.</summary>
public sealed class ReadAheadTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fragments_are_decrypted_beside_each_other_and_come_in_order()
    {
        // Each waits inside the decryptor until a second one is there: one after the other would wait for ever.
        using Recording keys = new(together: 2);
        byte[] file = Join(Init, Join([.. Enumerable.Range(0, 20).Select(i => Fragment((10 * i) + 1, 40, 33))]));
        byte[] merged = await MergeAsync([Input(file, keys)]);
        keys.Most.Should().BeGreaterThanOrEqualTo(2);
        await ExpectSamplesAsync(merged, [[.. Enumerable.Range(0, 20).SelectMany(i => (byte[][])[Sample((10 * i) + 1, 40), Sample((10 * i) + 2, 33)])]]);
        keys.Leased.Should().Equal(Enumerable.Range(0, 20));
        keys.Returned.Should().Equal(Enumerable.Range(0, 20));
    }

    [Fact]
    public async Task What_is_read_ahead_is_bounded()
    {
        byte[] one = Fragment(1, 1 << 20);
        Endless input = new(Init, one, 64);
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1 << 16, resumeWriterThreshold: 1 << 15, useSynchronizationContext: false));
        using RawMediaKeys keys = Raw();
        Task<Mp4Summary> merging = TrackMerger.MergeAsync([new MergeInput { Input = input, Name = "x", Keys = keys }], pipe.Writer, null, Cancel).AsTask();
        ReadResult first = await pipe.Reader.ReadAtLeastAsync(1000, Cancel);
        await input.WaitUntilNobodyReadsAsync();
        input.Consumed.Should().BeLessThan(BatchPipeline.AheadBytes + (3 << 20)).And.BeGreaterThan(BatchPipeline.AheadBytes / 2);
        pipe.Reader.AdvanceTo(first.Buffer.End);
        await pipe.Reader.CompleteAsync();
        Func<Task> wait = () => merging;
        await wait.Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_sample_that_cannot_be_opened_is_told_when_what_was_before_it_has_been_written()
    {
        byte[] file = Join(Init, Fragment(1, 40), Fragment(2, 41), Protected(OtherKid, OtherKey, 3), Fragment(4, 43))[..^5];
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        using RawMediaKeys keys = Raw();
        Func<Task> merge = () => TrackMerger.MergeAsync([new MergeInput { Input = new MemoryStream(file), Name = "x", Keys = keys }], pipe, null, Cancel).AsTask();
        (await merge.Should().ThrowAsync<SampleDecryptionException>("the end that is cut comes after it")).Which.KeyId.Should().Be(OtherKid);
        await pipe.FlushAsync(Cancel);
        output.ToArray().AsSpan().IndexOf(Sample(2, 41)).Should().BePositive();
    }

    [Fact]
    public async Task Keys_are_given_back_however_it_ends()
    {
        byte[] file = Join(Init, Join([.. Enumerable.Range(1, 30).Select(i => Fragment(i, 4000))]));
        foreach (byte[] bytes in (byte[][])[file, file[..^7], file[..(file.Length / 2)]])
        {
            using Recording keys = new(together: 1);
            try
            {
                await MergeAsync([Input(bytes, keys), Input(file, keys)]);
            }
            catch (MediaFormatException)
            {
                bytes.Length.Should().BeLessThan(file.Length);
            }

            keys.Leased.Should().NotBeEmpty();
            keys.Returned.Should().HaveSameCount(keys.Leased);
        }
    }

    [Fact]
    public async Task Reading_samples_reads_nothing_ahead_and_keeps_one_fragment()
    {
        using Recording keys = new(together: 1);
        byte[] file = Join(Init, Join([.. Enumerable.Range(1, 10).Select(i => Fragment(i, 400))]));
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "x", Cancel);
        int read = 0;
        await foreach (ClearFragment fragment in reader.ReadAsync(keys, cancellationToken: Cancel))
        {
            read++;
            keys.Leased.Should().HaveCount(read);
            keys.Returned.Should().HaveCount(read, "its samples are clear, and need no key any more");
        }

        read.Should().Be(10);
    }

    [Fact]
    public async Task Units_are_let_go_of_when_their_samples_are_written()
    {
        await using MediaQueue queue = new(1000);
        queue.Begin(async (to, stop) =>
        {
            await to.PutAsync(MediaUnit.Initialization(Init, "init"), stop);

            // Many times the room of the queue.
            for (int i = 1; i <= 50; i++) await to.PutAsync(MediaUnit.Segment(Fragment(i, 300), $"{i}"), stop);
            return false;
        });
        byte[] merged = await MergeAsync([new MergeInput { Units = queue, Name = "units", Keys = Keys }]);
        await ExpectSamplesAsync(merged, [[.. Enumerable.Range(1, 50).Select(i => Sample(i, 300))]]);
    }

    private static MergeInput Input(byte[] file, IMediaKeys keys) => new() { Input = new MemoryStream(file), Name = "x", Keys = keys };

    private static RawMediaKeys Raw()
    {
        RawMediaKeys keys = new();
        keys.Add(Kid, Key);
        return keys;
    }

    private static byte[] Protected(KeyId kid, byte[] key, int number) => Join(
        Moof(length => [Box("traf", Tfhd(), Tfdt((uint)(number * 10)), Trun(length + 8, 40), Sgpd(Seig(kid)), Sbgp(1, 0x10001), Senc(Iv(number)))]),
        Box("mdat", Encrypt(Sample(number, 40), Iv(number), key)));

    private static async Task<byte[]> MergeAsync(IReadOnlyList<MergeInput> inputs)
    {
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        await TrackMerger.MergeAsync(inputs, pipe, fromZero: false, null, Cancel, parallel: 4);
        await pipe.FlushAsync(Cancel);
        return output.ToArray();
    }

    /// <summary>Opens with the key of the test, and notes who came and went.</summary>
    private sealed class Recording(int together) : IMediaKeys, IDisposable
    {
        private readonly RawMediaKeys _keys = Raw();
        private readonly ManualResetEventSlim _together = new();
        private readonly int _wanted = together;
        private int _next, _atWork, _most;

        public ConcurrentQueue<int> Leased { get; } = new();

        public ConcurrentQueue<int> Returned { get; } = new();

        public int Most => _most;

        public async ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken)
        {
            int number = Interlocked.Increment(ref _next) - 1;
            Leased.Enqueue(number);
            return new Decryptor(this, number, await _keys.LeaseAsync(needs, cancellationToken));
        }

        public void Dispose()
        {
            _keys.Dispose();
            _together.Dispose();
        }

        private sealed class Decryptor(Recording owner, int number, IFragmentDecryptor inner) : IFragmentDecryptor
        {
            public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
            {
                int now = Interlocked.Increment(ref owner._atWork);
                for (int most = owner._most; now > most; most = owner._most) Interlocked.CompareExchange(ref owner._most, now, most);
                if (now >= owner._wanted || !owner._together.Wait(TimeSpan.FromSeconds(20))) owner._together.Set();
                DecryptStatus status = inner.Decrypt(sample, protection);
                Interlocked.Decrement(ref owner._atWork);
                return status;
            }

            public void Dispose()
            {
                owner.Returned.Enqueue(number);
                inner.Dispose();
            }
        }
    }

    /// <summary>An initialisation segment and one fragment again and again; says when nobody reads any more.</summary>
    private sealed class Endless(byte[] init, byte[] fragment, int times) : MemoryStream(Join(init, Join([.. Enumerable.Repeat(fragment, times)])))
    {
        private long _consumed;

        public long Consumed => Interlocked.Read(ref _consumed);

        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            int read = Read(buffer.Span[..Math.Min(buffer.Length, 1 << 16)]);
            Interlocked.Add(ref _consumed, read);
            return read;
        }

        public async Task WaitUntilNobodyReadsAsync()
        {
            for (long before = -1; before != Consumed;)
            {
                before = Consumed;
                await Task.Delay(300, Cancel);
            }
        }
    }
}
