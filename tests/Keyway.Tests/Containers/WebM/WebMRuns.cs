using System.IO.Pipelines;
using Keyway.Containers.TransportStream;
using Keyway.Mp4;

namespace Keyway.Containers.WebM;

/// <summary>Decrypts files of tests.</summary>
internal static class WebMRuns
{
    public static IReadOnlyDictionary<KeyId, byte[]> Keys { get; } = new Dictionary<KeyId, byte[]> { [KeyId.FromOpaque(WebMMaker.Kid)] = WebMMaker.Key };

    public static async Task<(byte[] Clear, Mp4Summary Summary)> DecryptAsync(byte[] file, IMediaKeys? keys = null, WebMDecryptOptions? options = null, int slice = 0)
    {
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        using Stream input = slice > 0 ? new SlowStream(file, slice) : new MemoryStream(file);
        Mp4Summary summary = await WebMDecryptor.DecryptAsync(input, "made.webm", keys ?? new ReferenceKeys(Keys), pipe, options, TestContext.Current.CancellationToken);
        await pipe.FlushAsync(TestContext.Current.CancellationToken);
        summary.BytesWritten.Should().Be(output.Length);
        return (output.ToArray(), summary);
    }
}
