using System.Globalization;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>The parameter <c>generalFlags</c>: whether the licence may be kept.</summary>
internal static class GeneralFlags
{
    /// <summary>Reads it.</summary>
    /// <param name="parameters">The request.</param>
    /// <param name="onlyZero">Whether only zero is right.</param>
    /// <returns>Whether the licence may be kept; <see langword="null"/>: the parameter is not there.</returns>
    /// <exception cref="ServiceException">It is not right.</exception>
    public static bool? Read(TokenParameters parameters, bool onlyZero)
    {
        if (parameters.Value("generalFlags") is not { } text) return null;
        if (text.Length > 8 || !uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint flags) || flags > (onlyZero ? 0 : 1)) throw new ServiceException(ErrorCodes.GeneralFlags);
        return flags == 1;
    }
}
