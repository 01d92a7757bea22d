namespace Keyway.ClearKey;

/// <summary>A key identifier and the bytes that a server knows it by. The two differ only where an identifier is not 16 bytes long.</summary>
/// <param name="Id">The identifier that the framework uses.</param>
/// <param name="Original">The identifier as the content has it, of any length.</param>
internal readonly record struct ClearKeyId(KeyId Id, ReadOnlyMemory<byte> Original)
{
    /// <summary>An identifier that came as 16 bytes.</summary>
    /// <param name="id">The identifier.</param>
    /// <returns>It and its bytes.</returns>
    public static ClearKeyId Of(KeyId id)
    {
        byte[] original = new byte[KeyId.Size];
        id.Write(original);
        return new(id, original);
    }

    /// <summary>An identifier of any length.</summary>
    /// <param name="original">Its bytes. Ownership: the result's from now on.</param>
    /// <returns>It and its bytes.</returns>
    public static ClearKeyId Opaque(ReadOnlyMemory<byte> original) => new(KeyId.FromOpaque(original.Span), original);
}
