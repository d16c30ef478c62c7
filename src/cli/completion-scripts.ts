/**
 * What `git model completion SHELL` prints. Each asks `git-model __complete -- WORD…` with the words after the program's
 * name up to the cursor; no answer means file names.
 */
export const COMPLETION_SCRIPTS = {
  bash: `# git-model for bash: eval "$(git-model completion bash)"
_git_model_words() {
  local line="\${COMP_LINE:0:COMP_POINT}" word typed prefix
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  while ((\${#words[@]} > 0)); do
    word="\${words[0]}"
    words=("\${words[@]:1}")
    [[ $word == git-model || $word == */git-model || $word == model ]] && break
  done
  ((\${#words[@]} > 0)) || return
  typed="\${words[\${#words[@]} - 1]}"
  # bash replaces only what stands behind the last of its word breaks, which @ and = are.
  prefix="\${typed%"\${typed##*["\${COMP_WORDBREAKS//[[:space:]]/}"]}"}"
  COMPREPLY=()
  while IFS= read -r word; do
    [[ $word == "$typed"* ]] && COMPREPLY+=("\${word#"$prefix"}")
  done < <(git-model __complete -- "\${words[@]}" 2>/dev/null)
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[@=] ]]; then compopt -o nospace 2>/dev/null; fi
}
_git_model() { _git_model_words; }
complete -o default -F _git_model_words git-model
`,
  zsh: `#compdef git-model
# git-model for zsh: source <(git-model completion zsh)
_git-model() {
  local -a found
  found=("\${(@f)$(git-model __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=(\${found:#})
  if (( \${#found} == 0 )); then
    _files
    return
  fi
  compadd -Q -S '' -- \${(M)found:#*[@=]}
  compadd -Q -- \${found:#*[@=]}
}
if (( \${+functions[compdef]} )); then compdef _git-model git-model; fi
`,
  fish: `# git-model for fish: git-model completion fish | source
function __git_model_words
    set -l words (commandline -opc)
    set -l found
    for at in (seq (count $words))
        if string match -qr '(^|/)git-model$|^model$' -- $words[$at]
            set found (git-model __complete -- $words[(math $at + 1)..-1] (commandline -ct) 2>/dev/null)
            break
        end
    end
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c git-model -f -a '(__git_model_words)'
complete -c git -n '__fish_seen_subcommand_from model' -f -a '(__git_model_words)'
`,
} as const;
