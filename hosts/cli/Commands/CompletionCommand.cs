using System.CommandLine;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway completion</c>: what makes a shell complete the command's words. The shell asks the program itself, so that both always know the same.</summary>
internal static class CompletionCommand
{
    private static readonly Dictionary<string, string> Scripts = new(StringComparer.Ordinal)
    {
        // A list that the shell would expand again could run what a name in it says.
        ["bash"] = """
            # keyway's words for bash: eval "$(keyway completion bash)"
            _keyway() {
                local word=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT} each
                local whole=${line##*[[:space:]]}
                # bash takes a colon and an equals sign for the end of a word, and replaces what is behind the last
                local kept=$whole
                [ "$word" = "$whole" ] || kept=${whole##*[:=]}
                local -a words=()
                read -r -a words <<< "$line"
                words=("${words[@]:1}")
                [ -n "$whole" ] && words=("${words[@]:0:${#words[@]}-1}")
                COMPREPLY=()
                while IFS= read -r each; do
                    COMPREPLY+=("${each:${#whole}-${#kept}}")
                done < <("$1" complete "--word=$whole" -- "${words[@]}" 2>/dev/null)
            }
            complete -o default -F _keyway keyway

            """,
        ["zsh"] = """
            #compdef keyway
            # keyway's words for zsh: eval "$(keyway completion zsh)", or as _keyway in a folder of $fpath
            _keyway() {
                local -a found
                found=("${(@f)$("${words[1]}" complete "--word=${words[CURRENT]}" -- "${(@)words[2,CURRENT-1]}" 2>/dev/null)}")
                if [[ -n ${found[1]} ]]; then compadd -- "${found[@]}"; return; fi
                [[ ${words[CURRENT]} == --*=* ]] && compset -P 1 '*='
                _files
            }
            if [[ $funcstack[1] == _keyway ]]; then _keyway "$@"; else compdef _keyway keyway; fi

            """,
        ["fish"] = """
            # keyway's words for fish: keyway completion fish > ~/.config/fish/completions/keyway.fish
            function __keyway_complete
                set -l words (commandline -opc)
                set -l program $words[1]
                set -e words[1]
                set -l word (commandline -ct)
                set -l found ($program complete "--word=$word" -- $words 2>/dev/null)
                if set -q found[1]
                    printf '%s\n' $found
                else if string match -q -- '--*=*' $word
                    __fish_complete_path (string split -m 1 = -- $word)[2] | string replace -r -- '^' (string split -m 1 = -- $word)[1]=
                else
                    __fish_complete_path $word
                end
            end
            complete -c keyway -f -a '(__keyway_complete)'

            """,
        ["powershell"] = """
            # keyway's words for PowerShell: keyway completion powershell | Out-String | Invoke-Expression
            Register-ArgumentCompleter -Native -CommandName keyway -ScriptBlock {
                param($word, $line, $position)
                $words = @($line.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.ToString() } })
                & $line.CommandElements[0].ToString() complete "--word=$word" -- @words 2>$null | ForEach-Object {
                    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
                }
            }

            """,
    };

    public static Command Create(Func<ParseResult, CommandContext> context)
    {
        Argument<string> shell = new("shell") { Description = "bash, zsh, fish or powershell", HelpName = "SHELL" };
        shell.CompletionSources.Add([.. Scripts.Keys]);
        Command command = new("completion", "Prints what makes a shell complete the words of this command: bash, zsh, fish, powershell.") { shell };
        command.SetAction((parse, _) =>
        {
            string name = parse.GetRequiredValue(shell);
            if (!Scripts.TryGetValue(name, out string? script)) throw new UsageException($"completion takes {string.Join(", ", Scripts.Keys)}, not '{Shown.Text(name)}'");
            context(parse).Io.Out.Write(script);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
