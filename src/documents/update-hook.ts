/**
 * Text of the `update` hook for plain Git servers (DESIGN section 4): what rulesets do on GitHub. POSIX sh, plumbing
 * only. Refuses moved or deleted version, release and yank tags, version tags that are no version's, rewritten or
 * deleted stage and evaluation branches, stage pushes that hold anything but registered versions, evaluations that
 * are not appended, and the deletion of the default branch. Everything else passes.
 */
export const UPDATE_HOOK = `#!/bin/sh
#
# git-model: keeps the promises of a model registry on a plain Git server.
#
# Install it on the server, in the bare repository, and make it executable:
#
#     cp update registry.git/hooks/update && chmod +x registry.git/hooks/update
#     git -C registry.git config receive.fsckObjects true
#
# Git calls it once for each ref of a push, with the ref's name, its old and its new object; what it refuses stays as
# it was. It reads by plumbing commands alone, executes nothing of what is pushed, and lets pass whatever it does not
# know. Versions have to arrive before the stages that hold them.

set -fu
LC_ALL=C
GIT_NO_REPLACE_OBJECTS=1
export LC_ALL GIT_NO_REPLACE_OBJECTS

ref=$1
old=$2
new=$3
tab=$(printf '\\t')

refuse() {
  printf 'git-model: %s\\n' "$1" >&2
  exit 1
}

# True for the object name of zeros: a ref or an entry that is not there.
is_none() {
  case $1 in
    *[!0]*) return 1 ;;
  esac
  return 0
}

# Tags: versions, yanks and releases are made once. What the tag says of itself has to be its name.
judge_tag() {
  case $1 in
    *@v[0-9]*'!#'*) kind=yank ;;
    *'#'*'#'[0-9]*) kind=release ;;
    *'#'*) return 0 ;;
    *@v[0-9]*) kind=version ;;
    *) return 0 ;;
  esac
  if ! is_none "$old"; then
    is_none "$new" && refuse "the tag $1 cannot be deleted: a $kind stays on record"
    refuse "the tag $1 cannot be moved: a $kind never changes"
  fi
  is_none "$new" && return 0
  judge_new_tag "$1" "$kind"
}

judge_new_tag() {
  type=$(git cat-file -t "$new") || refuse "the object of the tag $1 cannot be read"
  [ "$type" = tag ] || refuse "$1 is not an annotated tag, as a $2 has to be: git model makes them"
  content=$(git cat-file tag "$new") || refuse "the tag $1 cannot be read"
  {
    IFS= read -r _
    IFS= read -r type_line
    IFS= read -r name_line
  } <<EOF
$content
EOF
  [ "$name_line" = "tag $1" ] || refuse "the tag object pushed as $1 says another name of itself"
  [ "$type_line" = "type commit" ] || refuse "the tag $1 does not name a commit"
  [ "$2" = version ] || return 0
  manifest=$(git ls-tree --full-tree "$new^{tree}" -- manifest.yaml) || refuse "the commit of $1 cannot be read"
  case $manifest in
    '100644 blob '*) ;;
    *) refuse "the commit of $1 has no manifest.yaml, as a version has: git model register makes one" ;;
  esac
}

# Sets commits: the first-parent commits that the push adds, oldest first, each with its parents.
require_append() {
  is_none "$new" && refuse "the branch $1 cannot be deleted: it is the record of what happened"
  if is_none "$old"; then
    commits=$(git rev-list --first-parent --parents --reverse "$new") || refuse "the history of $1 cannot be read"
    return 0
  fi
  git merge-base --is-ancestor "$old" "$new" ||
    refuse "the branch $1 cannot be rewritten: fetch it and build on its tip"
  commits=$(git rev-list --first-parent --parents --reverse "$new" "^$old") || refuse "the history of $1 cannot be read"
  read -r _ first _ <<EOF
$commits
EOF
  [ "$first" = "$old" ] || refuse "the push leaves the first-parent history of $1: its tip has to come first in a merge"
}

judge_stage() {
  case $1 in
    '' | [!a-z]* | *[!a-z0-9-]* | *-)
      is_none "$new" || refuse "stage/$1 is not a stage's name: lower-case letters, digits and -, letter first"
      return 0
      ;;
  esac
  require_append "stage/$1"
  if is_none "$old"; then
    root=$(stage_root "$1") || refuse "the root of stage/$1 cannot be computed"
    read -r first parents <<EOF
$commits
EOF
    [ "$first$parents" = "$root" ] || refuse "stage/$1 does not begin with a stage's root, which git model init makes"
  fi
  while read -r commit parent _; do
    if [ -n "$parent" ]; then judge_folder '' "$parent" "$commit" || exit 1; fi
  done <<EOF
$commits
EOF
  judge_owners "$1"
}

# The root of a stage is the same commit in every clone.
stage_root() {
  printf 'tree %s\\nauthor %s\\ncommitter %s\\n\\nCreate stage %s\\n' "$empty" \\
    'git-model <git-model@invalid> 0 +0000' 'git-model <git-model@invalid> 0 +0000' "$1" |
    git hash-object -t commit --stdin
}

# Judges what differs between two trees: the path of their folder, before, after. In a subshell, for its variables.
judge_folder() (
  path=$1
  changes=$(git -c core.quotePath=true diff-tree --no-renames --no-abbrev "$2" "$3") ||
    refuse "the changes of $ref cannot be read"
  while IFS= read -r change; do
    [ -n "$change" ] || continue
    name=\${change#*"$tab"}
    # shellcheck disable=SC2086
    set -- \${change%%"$tab"*}
    judge_entry "$1" "$2" "$3" "$4" "\${path:+$path/}$name" || exit 1
  done <<EOF
$changes
EOF
)

# One changed entry: :<old mode>, new mode, old object, new object, path.
judge_entry() {
  below=$5
  for mode in "\${1#:}" "$2"; do
    case $below:$mode in
      .github/CODEOWNERS:*) return 0 ;;
      *:040000 | *:000000) ;;
      *) refuse "$below is not a model: a stage holds registered versions only" ;;
    esac
  done
  case $below in
    models | .github) ;;
    models/*/*/*/*) refuse "$below is deeper than a model can lie" ;;
    models/[A-Za-z0-9]*)
      case $below in
        *[!A-Za-z0-9._/-]*) refuse "$below does not name a model" ;;
      esac
      if holds_manifest "$3" || holds_manifest "$4"; then
        judge_model "\${below#models/}" "$4"
        return 0
      fi
      ;;
    *) refuse "$below does not belong into a stage, which holds registered versions only" ;;
  esac
  judge_folder "$below" "$(tree_or_empty "$3")" "$(tree_or_empty "$4")" || exit 1
}

judge_model() {
  is_none "$2" || is_version "$1" "$2" ||
    refuse "the tree of models/$1 is not that of a version: push the tag that git model register makes first"
}

holds_manifest() {
  ! is_none "$1" && git cat-file -e "$1:manifest.yaml" 2>/dev/null
}

tree_or_empty() {
  if is_none "$1"; then printf '%s' "$empty"; else printf '%s' "$1"; fi
}

# True iff an annotated version tag of the model has exactly this tree.
is_version() {
  versions=$(git for-each-ref --format='%(*objecttype) %(*tree) %(refname)' -- "refs/tags/$1@v*") ||
    refuse "the versions of $1 cannot be read"
  while read -r type tree tag; do
    case $tag in
      *'#'*) continue ;;
    esac
    [ "$type" = commit ] && [ "$tree" = "$2" ] && return 0
  done <<EOF
$versions
EOF
  return 1
}

# Beside models/ a stage may hold the default branch's CODEOWNERS.
judge_owners() {
  owners=$(owners_of "$new")
  [ -z "$owners" ] && is_none "$old" && return 0
  is_none "$old" || [ "$owners" != "$(owners_of "$old")" ] || return 0
  [ "$owners" = "$(owners_of "\${default:-HEAD}")" ] ||
    refuse ".github/CODEOWNERS of stage/$1 is not the default branch's"
}

owners_of() {
  git ls-tree --full-tree "$1" -- .github/CODEOWNERS 2>/dev/null || :
}

judge_evaluations() {
  require_append "evaluations/$1"
  changes=$(printf '%s\\n' "$commits" |
    while read -r commit parent _; do printf '%s\\n' "$commit\${parent:+ $parent}"; done |
    git -c core.quotePath=true diff-tree --stdin --root -r --no-renames --no-abbrev --no-commit-id) ||
    refuse "the changes of evaluations/$1 cannot be read"
  while IFS= read -r change; do
    [ -n "$change" ] || continue
    name=\${change#*"$tab"}
    case $change in
      ':000000 100644 '*) ;;
      *) refuse "$name of evaluations/$1 is changed: evaluations are only ever added" ;;
    esac
    is_evaluation "$name" || refuse "$name of evaluations/$1 is not an evaluation: git model evaluate names them"
  done <<EOF
$changes
EOF
}

# v1.3.0/<12 hex digits>.yaml
is_evaluation() {
  case $1 in
    v[0-9]*/*.yaml) ;;
    *) return 1 ;;
  esac
  digits=\${1#*/}
  digits=\${digits%.yaml}
  case $digits in
    *[!0-9a-f]*) return 1 ;;
  esac
  [ "\${#digits}" = 12 ]
}

empty=$(git hash-object -t tree /dev/null) || refuse "git does not work on the server"
default=$(git symbolic-ref -q HEAD || :)

case $ref in
  refs/tags/*) judge_tag "\${ref#refs/tags/}" ;;
  refs/heads/stage/*) judge_stage "\${ref#refs/heads/stage/}" ;;
  refs/heads/evaluations/*) judge_evaluations "\${ref#refs/heads/evaluations/}" ;;
  refs/heads/stage | refs/heads/evaluations)
    is_none "$new" || refuse "a branch \${ref#refs/heads/} would stand in the way of the registry's branches"
    ;;
  "$default")
    is_none "$new" && refuse "the default branch cannot be deleted: it holds the registry's policy"
    ;;
esac
exit 0
`;
