using Keyway.Containers.WebM;
using Keyway.Containers.WebM.Packing;

namespace Keyway.Timeline;

/// <summary>Puts files of other containers into MP4 while they are read: everybody who reads samples reads that.</summary>
internal static class FileRepacker
{
    /// <summary>What a file is that has to be repacked and says so only by its first bytes.</summary>
    public const string MimeType = "video/webm";

    /// <summary>Whether a file has to be repacked, by its first bytes.</summary>
    public static bool Takes(ReadOnlySpan<byte> beginning) => WebMDecryptor.Begins(beginning);

    /// <summary>Whether a file has to be repacked, by the type that its manifest gives it.</summary>
    public static bool Takes(string? mimeType) => mimeType is not null && (mimeType.EndsWith("/webm", StringComparison.OrdinalIgnoreCase) || mimeType.Contains("/webm;", StringComparison.OrdinalIgnoreCase));

    /// <summary>Puts a file into MP4.</summary>
    /// <param name="file">The file. Ownership: the result's.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="mimeType">Its type.</param>
    /// <param name="isInitialization">Whether it is an initialisation segment alone.</param>
    public static Stream Open(Stream file, string name, string? mimeType, bool isInitialization = false) => Takes(mimeType) ? new WebMFragmentStream(file, name, isInitialization) : file;

    /// <summary>Of a file of which the first bytes were read: the identifiers of its keys as they stand there, where they have any length.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> KeyIdsOf(Stream file) => file is WebMFragmentStream { Description: { } description } ? description.KeyIds : [];

    /// <summary>Of a file of which the first bytes were read: what is in it and is not read.</summary>
    public static IReadOnlyList<string> NotesOf(Stream file) => file is WebMFragmentStream { Description: { } description } ? description.Notes : [];
}
