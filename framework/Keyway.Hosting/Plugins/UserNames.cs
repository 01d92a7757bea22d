using System.Globalization;

namespace Keyway.Hosting.Plugins;

/// <summary>Who is in a group, by the files of the machine: <c>passwd(5)</c> and <c>group(5)</c>. What only a directory service knows counts as not known.</summary>
internal static class UserNames
{
    /// <summary>The number that stands for every user that a namespace has no number for (<c>overflowuid</c>).</summary>
    public const uint Unmapped = 65534;

    /// <summary>
    /// Whether owners outside this user namespace cannot be told apart: there root's own files show as nobody's, and refusing them would refuse every path.
    /// Whoever entered such a namespace has chosen what is in it.
    /// </summary>
    public static bool HidesOwners
    {
        get
        {
            try
            {
                // inside, outside, how many
                foreach (string line in File.ReadLines("/proc/self/uid_map"))
                {
                    uint[] numbers = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static text => uint.Parse(text, CultureInfo.InvariantCulture))];
                    if (Unmapped >= numbers[0] && Unmapped - numbers[0] < numbers[2]) return false;
                }

                return true;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException or OverflowException or IndexOutOfRangeException)
            {
                return false;
            }
        }
    }

    /// <summary>The users of a group: those that it lists and those whose own group it is.</summary>
    /// <returns><see langword="null"/>: nobody knows the group, or one of its members.</returns>
    public static IReadOnlyCollection<uint>? MembersOf(uint group, string passwd = "/etc/passwd", string groups = "/etc/group")
    {
        try
        {
            string number = group.ToString(CultureInfo.InvariantCulture);
            string[][] users = [.. File.ReadLines(passwd).Select(static line => line.Split(':')).Where(static fields => fields.Length >= 4)];
            string[][] found = [.. File.ReadLines(groups).Select(static line => line.Split(':')).Where(fields => fields.Length >= 4 && fields[2] == number)];
            if (found.Length == 0) return null;
            HashSet<uint> members = [.. users.Where(fields => fields[3] == number).Select(Number)];
            foreach (string name in found.SelectMany(static fields => fields[3].Split(',', StringSplitOptions.RemoveEmptyEntries)))
            {
                if (Array.Find(users, fields => fields[0] == name) is not { } fields) return null;
                members.Add(Number(fields));
            }

            return members;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            return null;
        }
    }

    private static uint Number(string[] fields) => uint.Parse(fields[2], CultureInfo.InvariantCulture);
}
