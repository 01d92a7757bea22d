using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Keyway.Cdm.Host.HostObjects;
using Keyway.Cdm.Host.Interface;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host;

/// <summary>Has the module decrypt the samples of one request, from the input of a half to its output. The first that does not succeed is the last.</summary>
/// <remarks>
/// <para>Threads: the dispatcher's. Nothing is allocated once its memory is as large as the largest request.</para>
/// <para>The module reads the samples where they lie, in memory that it could write to as well: what is not its output is undefined afterwards, as <see cref="ArenaLayout"/> says.</para>
/// </remarks>
/// <param name="dispatcher">The module's thread.</param>
/// <param name="buffers">The module's buffers.</param>
internal sealed unsafe class BatchDecryptor(Dispatcher dispatcher, BufferPool buffers)
{
    private readonly DecryptedBlock* _block = DecryptedBlock.Create();

    // What the module is pointed at besides the samples: aligned, and in memory that does not move.
    private readonly byte* _vector = (byte*)NativeMemory.AllocZeroed(16);
    private readonly byte* _keyId = (byte*)NativeMemory.AllocZeroed(WireLimits.KeyId);
    private SubsampleEntry* _subsamples;
    private int _subsampleRoom;

    /// <summary>Decrypts.</summary>
    /// <param name="module">The module.</param>
    /// <param name="frame">The request.</param>
    /// <exception cref="HostException">The request is none: both ends are of one build, and one of them is broken.</exception>
    public void Run(ContentDecryptionModule module, in Frame frame)
    {
        FrameReader head = new(frame.Fields);
        byte half = head.U8();
        InputBuffer2 input = new() { Scheme = (CdmScheme)head.U32(), CryptBlocks = head.U32(), SkipBlocks = head.U32(), KeyId = _keyId };
        ReadOnlySpan<byte> keyId = head.Bytes(WireLimits.KeyId);
        keyId.CopyTo(new Span<byte>(_keyId, WireLimits.KeyId));
        input.KeyIdSize = (uint)keyId.Length;
        int count = (int)head.U32();
        long subsamples = head.U32();
        ReadOnlySpan<byte> slots = head.Raw(head.Left);
        if (!head.IsWhole || half >= ArenaLayout.Halves || count < 0 || ((long)count * WireLimits.Slot) + (subsamples * WireLimits.Subsample) != slots.Length) throw Broken();
        ReadSubsamples(slots[(count * WireLimits.Slot)..]);

        Tally tally = default;
        long first = 0;
        using (dispatcher.Enter(CdmStage.Decrypting))
        {
            for (int i = 0; i < count && tally.Status == CdmStatus.Success; i++)
            {
                Slot slot = Slot.Read(slots.Slice(i * WireLimits.Slot, WireLimits.Slot), new Span<byte>(_vector, 16));
                if (slot.Offset + (long)slot.Length > dispatcher.Arena.Region || first + slot.Subsamples > subsamples || slot.VectorLength is not (8 or 16)) throw Broken();
                input.Data = dispatcher.Arena.Input(half) + slot.Offset;
                input.DataSize = slot.Length;
                input.InitializationVector = _vector;
                input.InitializationVectorSize = 16;   // a module that counts blocks from 8 bytes would have to be told how; padded there is one way
                input.Subsamples = slot.Subsamples == 0 ? null : _subsamples + first;
                input.SubsampleCount = slot.Subsamples;
                first += slot.Subsamples;
                tally.Status = Decrypt(module, ref input, dispatcher.Arena.Output(half) + slot.Offset, ref tally.Ticks);
                if (tally.Status == CdmStatus.Success) tally.Done++;
            }
        }

        FrameWriter answer = dispatcher.Outlet.Begin(FrameType.Decrypted, frame.Head.Id);
        answer.U32((uint)tally.Status);
        answer.U32(tally.Done);
        answer.U64((ulong)(tally.Ticks * (1e9 / dispatcher.Time.TimestampFrequency)));
        dispatcher.Outlet.Send();
    }

    private static HostException Broken() => new("a request to decrypt that cannot be: parent and child are not of one build");

    private CdmStatus Decrypt(ContentDecryptionModule module, ref InputBuffer2 input, byte* output, ref long ticks)
    {
        if (input.DataSize == 0) return CdmStatus.Success;   // to a module an empty buffer is the end of a stream
        if (!TryCount(input, out ulong protectedBytes)) return CdmStatus.NeedMoreData;   // modules decrypt what such a map names, leave the rest, and call it a success
        uint before = input.Scheme == CdmScheme.Cenc ? CounterSplit.Before(new ReadOnlySpan<byte>(_vector, 16), protectedBytes) : 0;
        return before == 0 ? Call(module, ref input, output, ref ticks) : DecryptInTwo(module, input, before, output, ref ticks);
    }

    private CdmStatus DecryptInTwo(ContentDecryptionModule module, InputBuffer2 input, uint before, byte* output, ref long ticks)
    {
        uint size = input.DataSize, count = input.SubsampleCount, bytes = before;
        SubsampleEntry rest = default;
        int cut = count == 0 ? 0 : CounterSplit.Cut(new Span<SubsampleEntry>(input.Subsamples, (int)count), before, out bytes, out rest);
        input.DataSize = bytes;
        if (count > 0) input.SubsampleCount = (uint)cut + 1;
        CdmStatus status = Call(module, ref input, output, ref ticks);
        if (status != CdmStatus.Success) return status;

        CounterSplit.Advance(new Span<byte>(_vector, 16), before);
        input.Data += bytes;
        input.DataSize = size - bytes;
        if (count > 0)
        {
            input.Subsamples += cut;
            *input.Subsamples = rest;
            input.SubsampleCount = count - (uint)cut;
        }

        return Call(module, ref input, output + bytes, ref ticks);
    }

    private CdmStatus Call(ContentDecryptionModule module, ref InputBuffer2 input, byte* output, ref long ticks)
    {
        _block->Buffer = 0;
        _block->Timestamp = 0;
        buffers.Offer(output, input.DataSize);
        long begun = dispatcher.Time.GetTimestamp();
        CdmStatus status;
        fixed (InputBuffer2* at = &input) status = module.Decrypt(at, (nint)_block);
        ticks += dispatcher.Time.GetTimestamp() - begun;
        buffers.Offer(null, 0);
        return Take(status, input.DataSize, output);
    }

    /// <summary>Takes what the module decrypted. A buffer may stand there whatever its answer was, and is given back then.</summary>
    private CdmStatus Take(CdmStatus status, uint size, byte* output)
    {
        nint pointer = _block->Buffer;
        bool isBuffer = pointer != 0 && buffers.IsLive(pointer);
        NativeBuffer* buffer = (NativeBuffer*)pointer;
        if (status == CdmStatus.Success)
        {
            if (isBuffer && buffer->Size == size)
            {
                if (buffer->Data != output) Buffer.MemoryCopy(buffer->Data, output, size, size);
            }
            else
            {
                dispatcher.Report(CdmIrregularity.DecryptedBuffer);
                status = CdmStatus.DecryptError;
            }
        }
        else if (status > CdmStatus.DeferredInitialization)
        {
            dispatcher.Report(CdmIrregularity.DecryptStatus);
            status = CdmStatus.DecryptError;
        }

        if (isBuffer) buffers.Release(buffer);
        return status;
    }

    /// <summary>Counts the protected bytes of a sample.</summary>
    /// <returns><see langword="false"/>: its map is of another length than the sample.</returns>
    private static bool TryCount(in InputBuffer2 input, out ulong protectedBytes)
    {
        protectedBytes = input.DataSize;
        if (input.SubsampleCount == 0) return true;
        ulong clear = 0;
        protectedBytes = 0;
        for (uint i = 0; i < input.SubsampleCount; i++)
        {
            clear += input.Subsamples[i].Clear;
            protectedBytes += input.Subsamples[i].Protected;
        }

        return clear + protectedBytes == input.DataSize;
    }

    private void ReadSubsamples(ReadOnlySpan<byte> bytes)
    {
        int count = bytes.Length / WireLimits.Subsample;
        if (count > _subsampleRoom)
        {
            NativeMemory.Free(_subsamples);
            _subsamples = (SubsampleEntry*)NativeMemory.Alloc((nuint)count, (nuint)sizeof(SubsampleEntry));
            _subsampleRoom = count;
        }

        for (int i = 0; i < count; i++)
        {
            _subsamples[i].Clear = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * 8)..]);
            _subsamples[i].Protected = BinaryPrimitives.ReadUInt32LittleEndian(bytes[((i * 8) + 4)..]);
        }
    }

    private struct Tally
    {
        public CdmStatus Status;
        public uint Done;
        public long Ticks;
    }

    private readonly record struct Slot(uint Offset, uint Length, byte VectorLength, uint Subsamples)
    {
        public static Slot Read(ReadOnlySpan<byte> bytes, Span<byte> vector)
        {
            bytes.Slice(9, 16).CopyTo(vector);
            return new Slot(BinaryPrimitives.ReadUInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]), bytes[8], BinaryPrimitives.ReadUInt32LittleEndian(bytes[25..]));
        }
    }
}
