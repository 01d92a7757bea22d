using System.Text.Json;
using Keyway.Fleet.Grains;
using Keyway.Licensing.Configuration;

namespace Keyway.Fleet.Configuration;

/// <summary>A file of streams: a JSON object, each member named after the stream that it describes, or a list of streams with their names.</summary>
internal static class StreamFile
{
    /// <summary>Reads it.</summary>
    /// <param name="path">Where; a relative one counts from the program.</param>
    /// <param name="rules">What a stream may say.</param>
    /// <param name="streams">The streams.</param>
    /// <param name="errors">What is wrong, each with its place in the file.</param>
    public static void Read(string path, StreamRules rules, out IReadOnlyList<StreamSpec> streams, out IReadOnlyList<SettingError> errors)
    {
        List<StreamSpec> read = [];
        List<SettingError> wrong = [];
        (streams, errors) = (read, wrong);
        FileInfo file = new(Path.GetFullPath(path, AppContext.BaseDirectory));
        try
        {
            if (file.Length > FleetLimits.StreamFileBytes)
            {
                wrong.Add(new SettingError(path, $"larger than {FleetLimits.StreamFileBytes >> 20} MiB"));
                return;
            }

            using FileStream stream = file.OpenRead();
            using JsonDocument document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 16, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            StreamJson.ReadMany(document.RootElement, path, rules, read, wrong);
        }
        catch (JsonException exception)
        {
            wrong.Add(new SettingError($"{path}, line {exception.LineNumber + 1}", "not JSON"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            wrong.Add(new SettingError(path, $"cannot be read ({exception.GetType().Name})"));
        }

        for (int i = 0; i < read.Count; i++) read[i] = read[i] with { IsConfigured = true };
    }
}
