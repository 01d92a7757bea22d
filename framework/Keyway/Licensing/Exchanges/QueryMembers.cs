namespace Keyway.Licensing.Exchanges;

/// <summary>Looks at and changes single members of a URL's query; everything else stays as it is written.</summary>
internal static class QueryMembers
{
    /// <summary>A member's value as it is written; <see langword="null"/>: there is none.</summary>
    public static string? Find(string url, string name)
    {
        foreach (string member in Members(url, out _, out _))
            if (IsNamed(member, name)) return member.Contains('=', StringComparison.Ordinal) ? member[(member.IndexOf('=', StringComparison.Ordinal) + 1)..] : "";
        return null;
    }

    /// <summary>The URL with a member in the place of the one of that name, or at the end; without it when there is no value.</summary>
    /// <param name="url">The URL.</param>
    /// <param name="name">The member's name, not escaped.</param>
    /// <param name="value">The value, escaped.</param>
    public static string With(string url, string name, string? value)
    {
        List<string> members = [.. Members(url, out string before, out string fragment)];
        int at = members.FindIndex(member => IsNamed(member, name));
        // A member that says so already keeps its way of writing it.
        if (value is not null && at >= 0 && Find(url, name) == value) return url;
        if (value is null && at < 0) return url;
        members.RemoveAll(member => IsNamed(member, name));
        if (value is not null) members.Insert(at < 0 ? members.Count : at, $"{Uri.EscapeDataString(name)}={value}");
        return members.Count == 0 ? before + fragment : $"{before}?{string.Join('&', members)}{fragment}";
    }

    private static string[] Members(string url, out string before, out string fragment)
    {
        int hash = url.IndexOf('#', StringComparison.Ordinal);
        fragment = hash < 0 ? "" : url[hash..];
        string bare = hash < 0 ? url : url[..hash];
        int mark = bare.IndexOf('?', StringComparison.Ordinal);
        before = mark < 0 ? bare : bare[..mark];
        return mark < 0 ? [] : bare[(mark + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries);
    }

    private static bool IsNamed(string member, string name)
    {
        int sign = member.IndexOf('=', StringComparison.Ordinal);
        return Uri.UnescapeDataString(sign < 0 ? member : member[..sign]) == name;
    }
}
