namespace Keyway.Sandbox.ExpressPlay;

/// <summary>Extensions: a type of four characters and a payload in base64. What is in them, nobody here knows.</summary>
internal static class Extensions
{
    /// <summary>Checks one.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="payload">Its payload.</param>
    /// <exception cref="ServiceException">It is not right.</exception>
    public static void Check(string type, string payload)
    {
        if (type.Length != 4) throw new ServiceException(ErrorCodes.ExtensionType);
        if (payload.Length == 0 || !Convert.TryFromBase64String(payload, new byte[payload.Length], out _)) throw new ServiceException(ErrorCodes.ExtensionPayload);
    }
}
