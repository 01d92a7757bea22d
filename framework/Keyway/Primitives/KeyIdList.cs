namespace Keyway;

/// <summary>Short lists of key identifiers.</summary>
internal static class KeyIdList
{
    /// <summary>Whether an identifier is in a list: without the library's search, eight methods of which are compiled for the type when a file is opened.</summary>
    public static bool Has(this List<KeyId> ids, KeyId id)
    {
        for (int i = 0; i < ids.Count; i++)
            if (ids[i] == id) return true;
        return false;
    }
}
