namespace Keyway.Containers.TransportStream.Packets;

/// <summary>Looks for descriptors in a list of them (ISO/IEC 13818-1, 2.6): tag, length, content.</summary>
internal static class Descriptor
{
    /// <summary><c>registration_descriptor</c>.</summary>
    public const byte Registration = 0x05;

    /// <summary><c>CA_descriptor</c>.</summary>
    public const byte ConditionalAccess = 0x09;

    /// <summary><c>private_data_indicator_descriptor</c>.</summary>
    public const byte PrivateDataIndicator = 0x0F;

    /// <summary>Whether a list ends where its last descriptor does.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> list)
    {
        while (list.Length >= 2 && list.Length >= 2 + list[1]) list = list[(2 + list[1])..];
        return list.IsEmpty;
    }

    /// <summary>Takes the first descriptor off a list.</summary>
    /// <returns>The whole descriptor; empty at the end.</returns>
    public static ReadOnlySpan<byte> Next(scoped ref ReadOnlySpan<byte> list)
    {
        if (list.Length < 2 || list.Length < 2 + list[1]) return default;
        ReadOnlySpan<byte> next = list[..(2 + list[1])];
        list = list[next.Length..];
        return next;
    }

    /// <summary>Finds the first of a tag.</summary>
    public static bool Find(ReadOnlySpan<byte> list, byte tag, out ReadOnlySpan<byte> content)
    {
        while (Next(ref list) is { IsEmpty: false } descriptor)
        {
            if (descriptor[0] != tag) continue;
            content = descriptor[2..];
            return true;
        }

        content = default;
        return false;
    }

    /// <summary>Whether there is one of a tag with a text in it.</summary>
    public static bool Contains(ReadOnlySpan<byte> list, byte tag, ReadOnlySpan<byte> text)
    {
        while (Next(ref list) is { IsEmpty: false } descriptor)
            if (descriptor[0] == tag && descriptor[2..].IndexOf(text) >= 0) return true;
        return false;
    }

    /// <summary>Whether a descriptor says nothing but that its stream is protected with SAMPLE-AES, and how it would be without.</summary>
    public static bool SaysProtected(ReadOnlySpan<byte> descriptor) => descriptor[0] switch
    {
        PrivateDataIndicator => descriptor[2..].SequenceEqual("zavc"u8) || descriptor[2..].SequenceEqual("aacd"u8) || descriptor[2..].SequenceEqual("ac3d"u8) || descriptor[2..].SequenceEqual("ec3d"u8),
        Registration => descriptor[2..].StartsWith("apad"u8),
        _ => false,
    };
}
