using Keyway.Decryption;

namespace Keyway.Cdm.Child;

/// <summary>Batches, and what is right of them by the framework's own decryptor.</summary>
internal static class Batches
{
    public static SampleBatch Make(ProtectionScheme scheme, byte[] vector, int[] lengths, bool hasMaps, KeyId? key = null)
    {
        byte[] bytes = new byte[lengths.Sum() + (7 * lengths.Length)];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)(((uint)i + 1) * 2654435761u >> 23);
        List<BatchSample> samples = [];
        List<Subsample> maps = [];
        int at = 3;
        foreach (int length in lengths)
        {
            int first = maps.Count;
            if (hasMaps && length > 40)
                maps.AddRange([new Subsample { ClearBytes = 9, ProtectedBytes = 21 }, new Subsample { ClearBytes = 0, ProtectedBytes = 3 }, new Subsample { ClearBytes = 1, ProtectedBytes = (uint)length - 34 }]);
            samples.Add(new BatchSample { Offset = at, Length = length, VectorOffset = 0, VectorLength = vector.Length, FirstSubsample = first, SubsampleCount = maps.Count - first });
            at += length + (samples.Count % 2 * 7);
        }

        return new SampleBatch { Bytes = bytes, Samples = samples.ToArray(), Subsamples = maps.ToArray(), InitializationVectors = vector, Scheme = scheme, KeyId = key ?? LyingModule.Id };
    }

    /// <summary>The bytes of a batch when it is decrypted.</summary>
    public static byte[] Expected(SampleBatch batch)
    {
        byte[] bytes = batch.Bytes.ToArray();
        using RawKeyRing keys = new();
        keys.Add(batch.KeyId, LyingModule.Key);
        (batch with { Bytes = bytes }).DecryptEach(keys.CreateDecryptor()).Status.Should().Be(DecryptStatus.Decrypted);
        return bytes;
    }
}
